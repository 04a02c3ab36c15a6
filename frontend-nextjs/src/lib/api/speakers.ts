/** Who the speakers of a meeting are: read, name, merge. */
import { useMutation, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import type { Segment } from "@/features/meeting/segments";
import type { Transcript } from "@/lib/api/transcript";
import { keys } from "@/lib/query";
import { answer, api, type Schemas } from "./client";
import { undoEdit } from "./edits";

export type Speaker = Schemas["SpeakerOut"];
export type Candidate = Schemas["CandidateOut"];
/** Exactly one of `person_id`, `name`, `unknown` and `automatic`. */
export type Decision = Partial<Schemas["DecisionIn"]>;

export function useSpeakers(meeting_id: string) {
  return useQuery({
    queryKey: keys.speakers(meeting_id),
    queryFn: async ({ signal }) =>
      (await answer(api.GET("/api/v1/meetings/{meeting_id}/speakers", { params: { path: { meeting_id } }, signal }))).speakers,
    enabled: meeting_id !== "",
  });
}

export function useNameSpeaker(meeting_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ label, decision }: { label: string; decision: Decision }) =>
      answer(
        api.PUT("/api/v1/meetings/{meeting_id}/speakers/{label}", {
          params: { path: { meeting_id, label } },
          body: decision as Schemas["DecisionIn"],
        }),
      ),
    onSuccess: (named) => {
      client.setQueryData<Speaker[]>(keys.speakers(meeting_id), (old) => old?.map((one) => (one.label === named.label ? named : one)));
      const { label, name } = named;
      lay(client, meeting_id, (segment) => (segment.speaker === label && segment.name !== name ? { ...segment, name } : segment));
    },
    onSettled: () => changed(client, meeting_id),
  });
}

/** `label` says nothing any more: everything is `into`'s. */
export function useMergeSpeakers(meeting_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ label, into }: { label: string; into: string }) =>
      answer(
        api.POST("/api/v1/meetings/{meeting_id}/speakers/{label}/merge", { params: { path: { meeting_id, label } }, body: { into } }),
      ),
    onSuccess: (_, { label, into }) => {
      const name = client.getQueryData<Speaker[]>(keys.speakers(meeting_id))?.find((one) => one.label === into)?.name ?? null;
      lay(client, meeting_id, (segment) => (segment.speaker === label ? { ...segment, speaker: into, name } : segment));
    },
    onSettled: () => changed(client, meeting_id),
  });
}

/** Takes a naming or a merge back. */
export function useUndoNaming(meeting_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (edit_id: string) => undoEdit(meeting_id, edit_id),
    onSettled: () => changed(client, meeting_id),
  });
}

/** The transcript says it before it is read again. */
function lay(client: QueryClient, meeting_id: string, change: (segment: Segment) => Segment): void {
  client.setQueryData<Transcript>(keys.transcript(meeting_id), (old) => old && { ...old, segments: old.segments.map(change) });
}

function changed(client: QueryClient, meeting_id: string): void {
  for (const key of [keys.speakers(meeting_id), keys.transcript(meeting_id), keys.edits(meeting_id), keys.meetings, keys.people]) {
    void client.invalidateQueries({ queryKey: key });
  }
}
