/** Server state lives in TanStack Query and nowhere else. Keys of everything that is cached, and when to ask again. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/lib/api/client";

export const keys = {
  me: ["me"] as const,
  tokens: ["tokens"] as const,
  sessions: ["sessions"] as const,
  meetings: ["meetings"] as const,
  tags: ["tags"] as const,
  meeting: (id: string) => ["meeting", id] as const,
  preview: (id: string, run: number) => ["preview", id, run] as const,
  transcript: (id: string) => ["transcript", id] as const,
  speakers: (id: string) => ["speakers", id] as const,
  edits: (id: string) => ["edits", id] as const,
  waveform: (id: string) => ["waveform", id] as const,
  people: ["people"] as const,
  person: (id: string) => ["person", id] as const,
  voices: ["voices"] as const,
  search: ["search"] as const,
  users: ["users"] as const,
  queue: ["queue"] as const,
  workers: ["workers"] as const,
  storage: ["storage"] as const,
  models: ["models"] as const,
  audit: ["audit"] as const,
};

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (count, error) => count < 3 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}
