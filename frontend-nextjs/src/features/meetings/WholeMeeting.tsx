"use client";
/** For dialogs that need more of a meeting than the list has. */
import { useEffect, type ReactNode } from "react";
import { useToast } from "@/components/ui/Toast";
import { DetailsDialog } from "./DetailsDialog";
import { RerunDialog } from "@/features/running/RerunDialog";
import { useErrorText } from "@/features/shell/useErrorText";
import { useMeeting, type Meeting } from "@/lib/api/meetings";

interface Props {
  id: string;
  what: "rename" | "tags" | "rerun";
  onClose: () => void;
}

export function WholeMeeting({ id, what, onClose }: Props) {
  const meeting = useMeeting(id);
  const say = useToast();
  const errorText = useErrorText();
  useEffect(() => {
    if (!meeting.error) return;
    say(errorText(meeting.error), { kind: "error" });
    onClose();
  }, [meeting.error, say, errorText, onClose]);
  return meeting.data ? dialogOf(meeting.data, what, onClose) : null;
}

function dialogOf(meeting: Meeting, what: Props["what"], onClose: () => void): ReactNode {
  if (what === "rerun") return <RerunDialog meeting={meeting} onClose={onClose} />;
  return <DetailsDialog meeting={meeting} isAboutTags={what === "tags"} onClose={onClose} />;
}
