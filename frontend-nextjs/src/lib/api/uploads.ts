/** What is asked about uploads besides sending their bytes, which tus does (features/uploads/sending.ts). */
import { answer, api } from "./client";

export const UPLOADS = "/api/v1/uploads";

let limit: Promise<number | null> | null = null;

/** The largest file that this installation takes, in bytes; null: not told. Asked once. */
export function largestUpload(): Promise<number | null> {
  limit ??= fetch(UPLOADS, { method: "OPTIONS", credentials: "same-origin" })
    .then((response) => {
      const size = Number(response.headers.get("Tus-Max-Size"));
      return response.ok && size > 0 ? size : null;
    })
    .catch(() => null)
    .then((size) => {
      if (size === null) limit = null;
      return size;
    });
  return limit;
}

/** Which meeting an upload became; null while its last bytes are put together. */
export async function meetingOfUpload(url: string): Promise<{ meetingId: string; isDuplicate: boolean } | null> {
  const upload_id = url.split("/").at(-1) ?? "";
  const upload = await answer(api.GET("/api/v1/uploads/{upload_id}", { params: { path: { upload_id } } }));
  return upload.meeting_id ? { meetingId: upload.meeting_id, isDuplicate: upload.is_duplicate } : null;
}
