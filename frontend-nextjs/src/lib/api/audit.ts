/** The audit log, for administrators: who did what, and whether it is as it was written. */
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { keys } from "@/lib/query";
import { answer, api, type Schemas } from "./client";
import type { paths } from "./schema";

export type AuditEntry = Schemas["AuditEntryOut"];
export type Verification = Schemas["AuditVerificationOut"];
export type AuditFilters = Pick<NonNullable<paths["/api/v1/audit"]["get"]["parameters"]["query"]>, "action" | "user" | "at_from" | "at_to">;

const PAGE = 50;

export function useAudit(filters: AuditFilters) {
  return useInfiniteQuery({
    queryKey: [...keys.audit, filters],
    queryFn: ({ pageParam, signal }) =>
      answer(api.GET("/api/v1/audit", { params: { query: { ...filters, limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: (before) => before,
    staleTime: 0,
  });
}

/** `head`: the hash of an entry that was kept elsewhere. */
export function useVerification() {
  return useMutation({
    mutationFn: (head: string | null) => answer(api.GET("/api/v1/audit/verification", { params: { query: head ? { head } : {} } })),
  });
}

/** A file of everything the filters leave, saved by the browser itself. */
export function auditExportUrl(format: "csv" | "jsonl", filters: AuditFilters): string {
  const query = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(filters)) for (const one of [value].flat()) if (one) query.append(name, String(one));
  return `/api/v1/audit/export?${query}`;
}
