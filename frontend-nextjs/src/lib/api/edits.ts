/** Corrections of a meeting's transcript: make, take back, list. When which is sent is decided in
 * `features/corrections/queue.ts`. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client";
import { keys } from "@/lib/query";

export type Edit = Schemas["EditOut"];
export type EditMade = Schemas["EditMadeOut"];
export type EditIn =
  | Schemas["TextEditIn"]
  | Schemas["SplitEditIn"]
  | Schemas["JoinEditIn"]
  | Schemas["MoveEditIn"]
  | Schemas["ConfirmEditIn"];

export function makeEdit(meeting_id: string, edit: EditIn): Promise<EditMade> {
  return answer(api.POST("/api/v1/meetings/{meeting_id}/edits", { params: { path: { meeting_id } }, body: edit }));
}

export function undoEdit(meeting_id: string, edit_id: string): Promise<EditMade> {
  return answer(api.POST("/api/v1/meetings/{meeting_id}/edits/{edit_id}/undo", { params: { path: { meeting_id, edit_id } } }));
}

export function redoEdit(meeting_id: string, edit_id: string): Promise<EditMade> {
  return answer(api.POST("/api/v1/meetings/{meeting_id}/edits/{edit_id}/redo", { params: { path: { meeting_id, edit_id } } }));
}

/** A stretch of the transcript with its words, as it is now. */
export async function linesWithWords(meeting_id: string, from_s: number, to_s: number): Promise<Schemas["TranscriptSegmentOut"][]> {
  const query = { words: true, from_s: Math.max(0, from_s - 0.001), to_s: to_s + 0.001, limit: 50 };
  const found = await answer(api.GET("/api/v1/meetings/{meeting_id}/transcript", { params: { path: { meeting_id }, query } }));
  return found.segments;
}

/** Who changed what, the newest first. `isLost`: only what another run left without a place. */
export function useEdits(meeting_id: string, { isLost = false, isEnabled = true }: { isLost?: boolean; isEnabled?: boolean } = {}) {
  return useInfiniteQuery({
    queryKey: [...keys.edits(meeting_id), isLost ? "lost" : "all"],
    queryFn: ({ pageParam }) =>
      answer(
        api.GET("/api/v1/meetings/{meeting_id}/edits", {
          params: { path: { meeting_id }, query: { limit: 50, cursor: pageParam, ...(isLost ? { lost: true } : {}) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: isEnabled && meeting_id !== "",
  });
}

/** Undo or redo from the history: the transcript is read again, whatever it was. */
export function useTurnEdit(meeting_id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ edit_id, op }: { edit_id: string; op: "undo" | "redo" }) => (op === "undo" ? undoEdit : redoEdit)(meeting_id, edit_id),
    onSettled: () => {
      for (const key of [keys.edits(meeting_id), keys.transcript(meeting_id), keys.speakers(meeting_id)]) void client.invalidateQueries({ queryKey: key });
    },
  });
}
