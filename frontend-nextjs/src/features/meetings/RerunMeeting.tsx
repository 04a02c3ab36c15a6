"use client";
/** The dialog of another run, which needs more of a meeting than the list has. */
import { useEffect } from "react";
import { useToast } from "@/components/ui/Toast";
import { RerunDialog } from "@/features/running/RerunDialog";
import { useErrorText } from "@/features/shell/useErrorText";
import { useMeeting } from "@/lib/api/meetings";

export function RerunMeeting({ id, onClose }: { id: string; onClose: () => void }) {
  const meeting = useMeeting(id);
  const say = useToast();
  const errorText = useErrorText();
  useEffect(() => {
    if (!meeting.error) return;
    say(errorText(meeting.error), { kind: "error" });
    onClose();
  }, [meeting.error, say, errorText, onClose]);
  return meeting.data ? <RerunDialog meeting={meeting.data} onClose={onClose} /> : null;
}
