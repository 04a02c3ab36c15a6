/** The recording: its outline, and where it is played from. */
import { useQuery } from "@tanstack/react-query";
import { keys } from "@/lib/query";
import { answer, api, isApiError } from "./client";

/** Pixels of the outline: two for each of the widest screen's columns. */
const POINTS = 4000;

const LOOK_AGAIN_MS = 4000;

export interface Peaks {
  /** Lowest and highest sample of each stretch in turn, -128 to 127. */
  data: readonly number[];
  duration_s: number;
}

/** `data` is null while the recording is not converted yet, or was never. `isLookedAt`: its length is known. */
export function useWaveform(meetingId: string, { isLookedAt = true, isUnderWay = false } = {}) {
  return useQuery({
    queryKey: keys.waveform(meetingId),
    enabled: isLookedAt,
    queryFn: async ({ signal }): Promise<Peaks | null> => {
      try {
        const params = { path: { meeting_id: meetingId }, query: { points: POINTS } };
        const { data, length, samples_per_pixel, sample_rate } = await answer(api.GET("/api/v1/meetings/{meeting_id}/waveform", { params, signal }));
        return { data, duration_s: (length * samples_per_pixel) / sample_rate };
      } catch (error) {
        if (isApiError(error) && (error.status === 409 || error.status === 404)) return null;
        throw error;
      }
    },
    refetchInterval: (query) => (isUnderWay && query.state.data === null ? LOOK_AGAIN_MS : false),
    staleTime: 10 * 60_000,
    structuralSharing: false,
  });
}

export function playbackUrl(meetingId: string): string {
  return `/api/v1/meetings/${meetingId}/playback`;
}

/** Byte for byte what was uploaded, to be saved. */
export function recordingUrl(meetingId: string): string {
  return `/api/v1/meetings/${meetingId}/audio?download=true`;
}
