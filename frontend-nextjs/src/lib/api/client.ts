/** The one way to the service: typed by its OpenAPI description.
 *
 * Owns the address, the CSRF header of the session and what becomes of a refusal (`ApiError`). Never retries and never
 * caches: TanStack Query does, in the hooks of each feature.
 *
 *     const meeting = await answer(api.GET("/api/v1/meetings/{meeting_id}", { params: { path: { meeting_id } } }));
 */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What the service said when it refused: RFC 9457, docs/errors.md. */
export interface Problem {
  status: number;
  code: string;
  detail: string;
  /** How long to wait before trying again, where the service said so. */
  retry_after_s?: number;
  [more: string]: unknown;
}

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.problem = problem;
  }
}

/** The service did not answer at all: it is down, or the network is. */
export const UNREACHABLE = "unreachable";

let csrfToken: string | null = null;

/** Told by whoever signs in or reads `/me`. */
export function rememberCsrf(token: string | null): void {
  csrfToken = token;
}

/** For requests that do not go through `api`: uploads. */
export function csrfHeader(): Record<string, string> {
  return csrfToken ? { "X-CSRF-Token": csrfToken } : {};
}

const withCsrf: Middleware = {
  onRequest({ request }) {
    if (csrfToken && !["GET", "HEAD", "OPTIONS"].includes(request.method)) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });
api.use(withCsrf);

/** The body of an answer. Throws `ApiError`. */
export async function answer<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await request.catch((reason: unknown) => {
    if (reason instanceof DOMException && reason.name === "AbortError") throw reason;
    throw new ApiError({ status: 0, code: UNREACHABLE, detail: "" });
  });
  if (!response.ok) throw new ApiError(asProblem(error, response));
  return (data ?? null) as NonNullable<T>;
}

export function asProblem(body: unknown, response: { status: number; statusText: string; headers?: Headers }): Problem {
  const told: Partial<Problem> = typeof body === "object" && body !== null ? { ...body } : {};
  const wait = Number(response.headers?.get("Retry-After") ?? "");
  if (wait > 0) told.retry_after_s = wait;
  return { ...told, status: response.status, code: told.code ?? `http.${response.status}`, detail: told.detail ?? response.statusText };
}

export function isApiError(error: unknown, code?: string): error is ApiError {
  return error instanceof ApiError && (code === undefined || error.code === code);
}
