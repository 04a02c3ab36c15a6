"use client";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { useRetryMeeting } from "@/lib/api/meetings";

export function useRetry(meetingId: string): { retry: () => void; isRetrying: boolean } {
  const say = useToast();
  const errorText = useErrorText();
  const again = useRetryMeeting();
  return {
    retry: () => again.mutate(meetingId, { onError: (error) => say(errorText(error), { kind: "error" }) }),
    isRetrying: again.isPending,
  };
}
