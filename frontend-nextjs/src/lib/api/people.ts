/** People of the voice bank: who they are, what they agreed to, where they were heard. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client";
import { keys } from "@/lib/query";

export type Person = Schemas["PersonOut"];
export type PersonDetail = Schemas["PersonDetailOut"];
export type Consent = Schemas["ConsentOut"];
export type Forgotten = Schemas["ForgottenOut"];
export type Appearance = Schemas["AppearanceOut"];

const LIMIT = 50;

/** Names and aliases that hold `q`; everybody without one. */
export function usePeople(q: string, isEnabled = true) {
  return useInfiniteQuery({
    queryKey: [...keys.people, q],
    queryFn: ({ pageParam }) =>
      answer(api.GET("/api/v1/people", { params: { query: { q: q || null, limit: LIMIT, cursor: pageParam } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (shown) => shown,
    enabled: isEnabled,
  });
}

export function usePerson(person_id: string, isEnabled = true) {
  return useQuery({
    queryKey: keys.person(person_id),
    queryFn: () => answer(api.GET("/api/v1/people/{person_id}", { params: { path: { person_id } } })),
    enabled: isEnabled,
  });
}

function useStale() {
  const client = useQueryClient();
  return (person_id?: string) =>
    Promise.all([
      client.invalidateQueries({ queryKey: keys.people }),
      person_id ? client.invalidateQueries({ queryKey: keys.person(person_id) }) : null,
      client.invalidateQueries({ queryKey: keys.voices }),
    ]);
}

export function useCreatePerson() {
  const stale = useStale();
  return useMutation({
    mutationFn: ({ person, once }: { person: Schemas["PersonIn"]; once?: string }) =>
      answer(api.POST("/api/v1/people", { params: { header: { "idempotency-key": once } }, body: person })),
    onSuccess: () => stale(),
  });
}

export function useChangePerson(person_id: string) {
  const client = useQueryClient();
  const stale = useStale();
  return useMutation({
    mutationFn: (changes: Schemas["PersonChangesIn"]) =>
      answer(api.PATCH("/api/v1/people/{person_id}", { params: { path: { person_id } }, body: changes })),
    onSuccess: (changed) => {
      client.setQueryData(keys.person(person_id), changed);
      return stale();
    },
  });
}

export function useForgetPerson(person_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (names: Schemas["NamePolicy"]) =>
      answer(api.DELETE("/api/v1/people/{person_id}", { params: { path: { person_id }, query: { names } } })),
    onSuccess: () => {
      for (const key of [keys.people, keys.voices, keys.meetings, ["speakers"], ["transcript"]]) void client.invalidateQueries({ queryKey: key });
    },
  });
}

export function useMergePeople(person_id: string) {
  const client = useQueryClient();
  const stale = useStale();
  return useMutation({
    mutationFn: (other_id: string) =>
      answer(api.POST("/api/v1/people/{person_id}/merge", { params: { path: { person_id } }, body: { other_id } })),
    onSuccess: (merged, other_id) => {
      client.removeQueries({ queryKey: keys.person(other_id) });
      client.setQueryData(keys.person(person_id), merged);
      return stale(person_id);
    },
  });
}

export function useConsents(person_id: string, isEnabled: boolean) {
  return useQuery({
    queryKey: [...keys.person(person_id), "consents"],
    queryFn: async () => (await answer(api.GET("/api/v1/people/{person_id}/consents", { params: { path: { person_id } } }))).items,
    enabled: isEnabled,
  });
}

export function useRecordConsent() {
  const stale = useStale();
  return useMutation({
    mutationFn: ({ person_id, consent }: { person_id: string; consent: Schemas["ConsentIn"] }) =>
      answer(api.POST("/api/v1/people/{person_id}/consents", { params: { path: { person_id } }, body: consent })),
    onSuccess: (_, { person_id }) => stale(person_id),
  });
}

export function useWithdrawConsent(person_id: string) {
  const stale = useStale();
  return useMutation({
    mutationFn: (consent_id: string) =>
      answer(api.DELETE("/api/v1/people/{person_id}/consents/{consent_id}", { params: { path: { person_id, consent_id } } })),
    onSuccess: () => stale(person_id),
  });
}

/** Meetings in which the person is named, newest first. */
export function useAppearances(person_id: string) {
  return useInfiniteQuery({
    queryKey: [...keys.person(person_id), "meetings"],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/people/{person_id}/meetings", { params: { path: { person_id }, query: { limit: 20, cursor: pageParam } } }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

/** What is stored of somebody, for an access request. */
export function usePersonExport(person_id: string) {
  return useMutation({
    mutationFn: () => answer(api.GET("/api/v1/people/{person_id}/export", { params: { path: { person_id } } })),
  });
}
