/** Who is signed in. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, isApiError, rememberCsrf, type Schemas } from "./client";
import { keys } from "@/lib/query";

export type Me = Schemas["MeOut"];

/** `data` is null when nobody is signed in. */
export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: async (): Promise<Me | null> => {
      try {
        const me = await answer(api.GET("/api/v1/me"));
        rememberCsrf(me.csrf_token);
        return me;
      } catch (error) {
        if (isApiError(error) && error.status === 401) {
          rememberCsrf(null);
          return null;
        }
        throw error;
      }
    },
    staleTime: 5 * 60_000,
  });
}

/** Signs in; the session's cookie is set by the answer. */
export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (login: Schemas["LoginIn"]) => answer(api.POST("/api/v1/auth/login", { body: login })),
    onSuccess: async (signedIn) => {
      rememberCsrf(signedIn.csrf_token);
      await client.invalidateQueries({ queryKey: keys.me });
    },
  });
}

export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => answer(api.POST("/api/v1/auth/logout")),
    onSettled: () => {
      rememberCsrf(null);
      client.clear();
      client.setQueryData(keys.me, null);
    },
  });
}

export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: Schemas["PasswordIn"]) => answer(api.POST("/api/v1/auth/password", { body: change })),
    onSuccess: async (signedIn) => {
      rememberCsrf(signedIn.csrf_token);
      await client.invalidateQueries({ queryKey: keys.me });
    },
  });
}
