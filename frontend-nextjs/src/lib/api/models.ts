/** Which models there are. For administrators. */
import { useQuery } from "@tanstack/react-query";
import { keys } from "@/lib/query";
import { answer, api } from "./client";

export function useModels(isAdministrator: boolean) {
  return useQuery({
    queryKey: keys.models,
    queryFn: async ({ signal }) => (await answer(api.GET("/api/v1/models", { signal }))).items,
    enabled: isAdministrator,
    staleTime: 60_000,
  });
}
