/** Meetings: the list, one of them, and what is done to it as a whole. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import { keys } from "@/lib/query";
import { answer, api, isApiError, type Schemas } from "./client";
import type { paths } from "./schema";

export type Meeting = Schemas["MeetingOut"];
export type MeetingStatus = Schemas["MeetingStatus"];
export type MeetingOrder = Schemas["Order"];
export type MeetingFilters = Omit<NonNullable<paths["/api/v1/meetings"]["get"]["parameters"]["query"]>, "cursor" | "limit">;
export type MeetingSummary = Schemas["MeetingSummaryOut"];
type Page = Schemas["MeetingListOut"];

const PAGE = 50;
/** While something is under way: the stream tells of it, and where it breaks off this finds out. */
const LOOK_AGAIN_MS = 15_000;

export function isUnderWay(meeting: { status: MeetingStatus }): boolean {
  return meeting.status === "PENDING" || meeting.status === "PROCESSING";
}

/** Page by page, in `pages` as `lib/live.ts` patches them. */
export function useMeetings(filters: MeetingFilters = {}) {
  return useInfiniteQuery({
    queryKey: [...keys.meetings, filters],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/api/v1/meetings", { params: { query: { ...filters, limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page) => page.next ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.items.some(isUnderWay)) ? LOOK_AGAIN_MS : false),
  });
}

export function useMeeting(id: string) {
  return useQuery({
    queryKey: keys.meeting(id),
    queryFn: ({ signal }) => answer(api.GET("/api/v1/meetings/{meeting_id}", { params: { path: { meeting_id: id } }, signal })),
    enabled: id !== "",
    refetchInterval: (query) => (query.state.data && isUnderWay(query.state.data) ? LOOK_AGAIN_MS : false),
  });
}

/** Tags that are in use, the most frequent first. */
export function useTags() {
  return useQuery({
    queryKey: keys.tags,
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/tags", { signal }))).items,
  });
}

/** Title, date, notes, tags. Shown at once; taken back when the service refuses. */
export function useUpdateMeeting() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, changes }: { id: string; changes: Schemas["MeetingChangesIn"] }) =>
      answer(api.PATCH("/api/v1/meetings/{meeting_id}", { params: { path: { meeting_id: id } }, body: changes })),
    onMutate: async ({ id, changes }) => {
      await Promise.all([client.cancelQueries({ queryKey: keys.meetings }), client.cancelQueries({ queryKey: keys.meeting(id) })]);
      const before = { lists: client.getQueriesData({ queryKey: keys.meetings }), one: client.getQueryData(keys.meeting(id)) };
      const { retention: _isAnswered, ...shown } = changes; // the service says what comes of it
      patchLists(client, id, shown);
      client.setQueryData<Meeting>(keys.meeting(id), (old) => old && { ...old, ...shown });
      return before;
    },
    onError: (_error, { id }, before) => {
      before?.lists.forEach(([key, list]) => client.setQueryData(key, list));
      if (before?.one) client.setQueryData(keys.meeting(id), before.one);
    },
    onSuccess: (meeting) => client.setQueryData(keys.meeting(meeting.id), meeting),
    onSettled: (_meeting, _error, { changes }) => {
      void client.invalidateQueries({ queryKey: keys.meetings });
      if (changes.tags) void client.invalidateQueries({ queryKey: keys.tags });
    },
  });
}

/** For good. One that is gone already is deleted, too. */
export function useDeleteMeeting() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      try {
        await answer(api.DELETE("/api/v1/meetings/{meeting_id}", { params: { path: { meeting_id: id } } }));
      } catch (error) {
        if (!isApiError(error) || error.status !== 404) throw error;
      }
    },
    onSuccess: (_nothing, id) => {
      client.setQueriesData<InfiniteData<Page>>({ queryKey: keys.meetings }, (old) =>
        old && "pages" in old ? { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items.filter((item) => item.id !== id) })) } : old,
      );
      for (const key of [keys.transcript(id), keys.speakers(id), keys.edits(id), keys.waveform(id)]) client.removeQueries({ queryKey: key });
      void client.invalidateQueries({ queryKey: keys.meetings });
      void client.invalidateQueries({ queryKey: keys.tags });
    },
  });
}

export function useCancelMeeting() {
  return useRunChange((id: string) => api.POST("/api/v1/meetings/{meeting_id}/cancel", { params: { path: { meeting_id: id } } }));
}

export function useRetryMeeting() {
  return useRunChange((id: string) => api.POST("/api/v1/meetings/{meeting_id}/retry", { params: { path: { meeting_id: id } } }));
}

export function useRerunMeeting() {
  return useRunChange(({ id, options }: { id: string; options: Schemas["OptionsIn"] }) =>
    api.POST("/api/v1/meetings/{meeting_id}/rerun", { params: { path: { meeting_id: id } }, body: options }),
  );
}

/** Compares its voices with the bank again; what people decided stays. The stream tells of new names. */
export function useRecogniseMeeting() {
  return useMutation({
    mutationFn: (id: string) => answer(api.POST("/api/v1/meetings/{meeting_id}/recognise", { params: { path: { meeting_id: id } } })),
  });
}

function useRunChange<Wish>(request: (wish: Wish) => Promise<{ data?: Meeting; error?: unknown; response: Response }>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: Wish) => answer(request(wish)),
    onSuccess: (meeting) => {
      client.setQueryData(keys.meeting(meeting.id), meeting);
      const { status, stage, percent, failure, run, attempt } = meeting;
      patchLists(client, meeting.id, { status, stage, percent, failure, run, attempt });
    },
    onSettled: () => void client.invalidateQueries({ queryKey: keys.meetings }),
  });
}

function patchLists(client: QueryClient, id: string, change: Partial<MeetingSummary>): void {
  client.setQueriesData<InfiniteData<Page>>({ queryKey: keys.meetings }, (old) =>
    old && "pages" in old
      ? { ...old, pages: old.pages.map((page) => ({ ...page, items: page.items.map((item) => (item.id === id ? { ...item, ...change } : item)) })) }
      : old,
  );
}
