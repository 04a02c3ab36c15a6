/** What a first run has made so far: voices, and the text as it grows. Asked again when the run has come further. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { keys } from "@/lib/query";
import { answer, api, type Schemas } from "./client";

export type Preview = Schemas["PreviewOut"];

/** Between two requests, however fast the run is. */
export const PAUSE_MS = 3000;

/** `step`: how far the run is; another one is a reason to ask again. */
export function usePreview({ id, run }: Pick<Schemas["MeetingOut"], "id" | "run">, step: string) {
  const query = useQuery({
    queryKey: keys.preview(id, run),
    queryFn: ({ signal }) => answer(api.GET("/api/v1/meetings/{meeting_id}/preview", { params: { path: { meeting_id: id } }, signal })),
    staleTime: PAUSE_MS,
    gcTime: 60_000,
  });
  const { refetch } = query;
  const asked = useRef(step);
  const last = Math.max(query.dataUpdatedAt, query.errorUpdatedAt);
  useEffect(() => {
    if (asked.current === step) return;
    const timer = setTimeout(
      () => {
        asked.current = step;
        void refetch();
      },
      Math.max(0, last + PAUSE_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [step, last, refetch]);
  return query;
}
