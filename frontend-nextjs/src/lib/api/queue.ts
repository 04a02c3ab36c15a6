/** How the installation does: health, queue, workers, storage, models. For administrators, but health. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api, type Schemas } from "./client";
import { keys } from "@/lib/query";

export type Queued = Schemas["QueuedOut"];
export type Worker = Schemas["WorkerOut"];
export type Health = Schemas["HealthOut"];

/** These are looked at, not told by the stream. */
const EVERY_MS = 3000;
const SELDOM_MS = 15_000;

export function useQueue() {
  return useQuery({ queryKey: keys.queue, queryFn: () => answer(api.GET("/api/v1/queue")), refetchInterval: EVERY_MS });
}

export function useWorkers() {
  return useQuery({
    queryKey: keys.workers,
    queryFn: async () => (await answer(api.GET("/api/v1/workers"))).workers,
    refetchInterval: EVERY_MS,
  });
}

/** Also when it answers 503: that answer says what is missing. */
export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: async (): Promise<Health> => {
      const { data, error } = await api.GET("/health/ready");
      if (data) return data;
      if (error && "checks" in error) return error as Health;
      return answer(api.GET("/health/ready"));
    },
    refetchInterval: SELDOM_MS,
  });
}

export function useRequeue() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (meeting_id: string) => answer(api.POST("/api/v1/queue/{meeting_id}/requeue", { params: { path: { meeting_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue }),
  });
}

export function useCancelQueued() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (meeting_id: string) => answer(api.POST("/api/v1/meetings/{meeting_id}/cancel", { params: { path: { meeting_id } } })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.queue }),
  });
}

export function useStorage() {
  return useQuery({ queryKey: keys.storage, queryFn: () => answer(api.GET("/api/v1/storage")) });
}
