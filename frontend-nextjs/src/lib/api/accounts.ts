/** What belongs to whoever is signed in: the first password, a name, API tokens, sessions. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, rememberCsrf, type Schemas } from "./client";
import { keys } from "@/lib/query";

export type Token = Schemas["TokenOut"];
export type Session = Schemas["SessionOut"];

export function useTokens() {
  return useQuery({ queryKey: keys.tokens, queryFn: async () => (await answer(api.GET("/api/v1/me/tokens"))).items });
}

export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: Schemas["TokenIn"]) => answer(api.POST("/api/v1/me/tokens", { body: wish })),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.tokens }),
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (token_id: string) => answer(api.DELETE("/api/v1/me/tokens/{token_id}", { params: { path: { token_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.tokens }),
  });
}

export function useSessions() {
  return useQuery({ queryKey: keys.sessions, queryFn: async () => (await answer(api.GET("/api/v1/me/sessions"))).items });
}

export function useEndSession() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (session_id: string) =>
      answer(api.DELETE("/api/v1/me/sessions/{session_id}", { params: { path: { session_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.sessions }),
  });
}

interface SetUp {
  username: string;
  oneTimePassword: string;
  newPassword: string;
  /** Somebody signed in with the one-time password already: it is only exchanged. */
  isSignedIn: boolean;
}

/** From a one-time password to one of one's own. The session it ends with is the user's. */
export function useSetUp() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ username, oneTimePassword, newPassword, isSignedIn }: SetUp) => {
      if (!isSignedIn) {
        const login = { username, password: oneTimePassword };
        rememberCsrf((await answer(api.POST("/api/v1/auth/login", { body: login }))).csrf_token);
      }
      const change = { current_password: oneTimePassword, new_password: newPassword };
      const signedIn = await answer(api.POST("/api/v1/auth/password", { body: change }));
      rememberCsrf(signedIn.csrf_token);
      return signedIn;
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.me }),
  });
}

/** The name that others see. */
export function useChangeMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (changes: Schemas["MeChangesIn"]) => answer(api.PATCH("/api/v1/me", { body: changes })),
    onSuccess: (me) => client.setQueryData(keys.me, me),
  });
}
