/** Full text over all meetings. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { keys } from "@/lib/query";
import { answer, api, type Schemas } from "./client";

export type Quote = Omit<Schemas["QuoteOut"], "matches"> & {
  /** From and to, in characters of `segment.text`. */
  matches: readonly (readonly number[])[];
};

export interface SearchWishes {
  q: string;
  /** In the name of who speaks. */
  who: string;
  personId: string;
  meetingId: string;
  /** ISO dates, both inclusive; empty: none. */
  from: string;
  to: string;
}

const PAGE = 20;

/** Nothing is asked while `q` is empty; what was found before stays until the new answer is there. */
export function useSearch(wishes: SearchWishes) {
  const q = wishes.q.trim();
  return useInfiniteQuery({
    queryKey: [...keys.search, { ...wishes, q }],
    queryFn: ({ pageParam, signal }) =>
      answer(
        api.GET("/api/v1/search", {
          params: {
            query: {
              q,
              label_name: wishes.who.trim() || undefined,
              person_id: wishes.personId || undefined,
              meeting_id: wishes.meetingId || undefined,
              from: wishes.from || undefined,
              to: wishes.to || undefined,
              cursor: pageParam,
              limit: PAGE,
            },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
    enabled: q !== "",
  });
}
