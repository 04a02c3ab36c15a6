/** Users, for administrators. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client";
import { keys } from "@/lib/query";

export type User = Schemas["UserOut"];
export type Role = Schemas["Role"];
export type Invited = Schemas["InvitedOut"];

export function useUsers() {
  return useInfiniteQuery({
    queryKey: keys.users,
    queryFn: ({ pageParam }) => answer(api.GET("/api/v1/users", { params: { query: { limit: 100, cursor: pageParam } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

function useChanged() {
  const client = useQueryClient();
  return () =>
    Promise.all([client.invalidateQueries({ queryKey: keys.users }), client.invalidateQueries({ queryKey: keys.me })]);
}

export function useInvite() {
  return useMutation({
    mutationFn: (user: Schemas["UserIn"]) => answer(api.POST("/api/v1/users", { body: user })),
    onSuccess: useChanged(),
  });
}

export function useChangeUser() {
  return useMutation({
    mutationFn: ({ user_id, changes }: { user_id: string; changes: Schemas["UserChangesIn"] }) =>
      answer(api.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id } }, body: changes })),
    onSuccess: useChanged(),
  });
}

export function useResetPassword() {
  return useMutation({
    mutationFn: (user_id: string) => answer(api.POST("/api/v1/users/{user_id}/reset-password", { params: { path: { user_id } } })),
    onSuccess: useChanged(),
  });
}

export function useDeleteUser() {
  return useMutation({
    mutationFn: (user_id: string) => answer(api.DELETE("/api/v1/users/{user_id}", { params: { path: { user_id } } })),
    onSuccess: useChanged(),
  });
}
