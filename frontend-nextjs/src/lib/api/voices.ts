/** Voices: samples of a person, clips on their way into the bank, whose voice a clip is, recognising again. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client";
import type { Language } from "@/lib/format";
import { keys } from "@/lib/query";

export type Voice = Schemas["VoiceOut"];
export type Enrolment = Schemas["EnrolmentOut"];
export type Candidate = Schemas["CandidateOut"];

/** Seconds to wait for a worker in one request; then it is asked again. */
const WAIT_S = 25;

export function sampleUrl(voice_id: string): string {
  return `/api/v1/voices/${voice_id}/sample`;
}

export function useVoices(person_id: string, isEnabled = true) {
  return useQuery({
    queryKey: [...keys.voices, person_id],
    queryFn: async () => (await answer(api.GET("/api/v1/voices", { params: { query: { person_id } } }))).items,
    enabled: isEnabled,
  });
}

export function useConsentText(language: Language) {
  return useQuery({
    queryKey: [...keys.voices, "consent-text", language],
    queryFn: () => answer(api.GET("/api/v1/voices/consent-text", { params: { query: { language } } })),
    staleTime: Infinity,
  });
}

function useStale() {
  const client = useQueryClient();
  return (enrolment: Enrolment) => {
    if (enrolment.person_id) void client.invalidateQueries({ queryKey: keys.person(enrolment.person_id) });
    void client.invalidateQueries({ queryKey: keys.voices });
    void client.invalidateQueries({ queryKey: keys.people });
  };
}

/** Until a worker has listened. */
async function settled(first: Enrolment): Promise<Enrolment> {
  let enrolment = first;
  while (enrolment.status === "PENDING" || enrolment.status === "PROCESSING") {
    const params = { path: { enrolment_id: enrolment.id }, query: { wait: WAIT_S } };
    enrolment = await answer(api.GET("/api/v1/voices/enrolments/{enrolment_id}", { params }));
  }
  return enrolment;
}

export interface Clip {
  file: Blob;
  name: string;
  origin: "clip" | "microphone";
}

/** The body is the clip as it is; openapi-fetch would make JSON of it. */
const AS_IT_IS = { bodySerializer: (body: unknown) => body as Blob, headers: { "Content-Type": "application/octet-stream" } };

export function useEnrol(person_id: string) {
  const stale = useStale();
  return useMutation({
    mutationFn: async ({ file, name, origin }: Clip) => {
      const params = { path: { person_id }, query: { file_name: name, origin, wait: WAIT_S } };
      return settled(await answer(api.POST("/api/v1/people/{person_id}/voices", { params, body: file as never, ...AS_IT_IS })));
    },
    onSuccess: stale,
  });
}

/** Whose voice is it? Nothing is kept. */
export function useTestVoice() {
  return useMutation({
    mutationFn: async ({ file, name }: Clip) => {
      const params = { query: { file_name: name, wait: WAIT_S } };
      return settled(await answer(api.POST("/api/v1/voices/test", { params, body: file as never, ...AS_IT_IS })));
    },
  });
}

/** The voice in question is the right one. */
export function useConfirmEnrolment() {
  const stale = useStale();
  return useMutation({
    mutationFn: async (enrolment_id: string) => {
      const params = { path: { enrolment_id }, query: { wait: WAIT_S } };
      return settled(await answer(api.POST("/api/v1/voices/enrolments/{enrolment_id}/confirm", { params })));
    },
    onSuccess: stale,
  });
}

export function useDiscardEnrolment() {
  return useMutation({
    mutationFn: (enrolment_id: string) =>
      answer(api.DELETE("/api/v1/voices/enrolments/{enrolment_id}", { params: { path: { enrolment_id } } })),
  });
}

export function useDeleteVoice(person_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (voice_id: string) => answer(api.DELETE("/api/v1/voices/{voice_id}", { params: { path: { voice_id } } })),
    onSettled: () => {
      for (const key of [keys.voices, keys.people, keys.person(person_id)]) void client.invalidateQueries({ queryKey: key });
    },
  });
}

/** Past meetings are compared with the bank again. */
export function useRecognise() {
  return useMutation({
    mutationFn: (wishes: Schemas["RecogniseIn"]) => answer(api.POST("/api/v1/voices/recognise", { body: wishes })),
  });
}
