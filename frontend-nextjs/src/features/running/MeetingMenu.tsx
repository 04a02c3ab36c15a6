"use client";
/** What may be done with a meeting as a whole. Its dialogs are loaded when they are opened. */
import { AudioLines, Download, Ellipsis, Info, Pencil, SlidersHorizontal, Trash2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { useRef, useState } from "react";
import { IconButton } from "@/components/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/Menu";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import type { Schemas } from "@/lib/api/client";
import { isUnderWay, useRecogniseMeeting } from "@/lib/api/meetings";
import { recordingUrl } from "@/lib/api/recordings";

const DetailsDialog = dynamic(() => import("@/features/meetings/DetailsDialog").then((module) => module.DetailsDialog), { ssr: false });
const RerunDialog = dynamic(() => import("./RerunDialog").then((module) => module.RerunDialog), { ssr: false });
const RunDialog = dynamic(() => import("./RunDialog").then((module) => module.RunDialog), { ssr: false });
const DeleteDialog = dynamic(() => import("@/features/meetings/DeleteDialog").then((module) => module.DeleteDialog), { ssr: false });

type Opened = "details" | "rerun" | "run" | "delete" | null;

export function MeetingMenu({ meeting }: { meeting: Schemas["MeetingOut"] }) {
  const t = useTranslations("running");
  const router = useRouter();
  const common = useTranslations("common");
  const say = useToast();
  const errorText = useErrorText();
  const recognise = useRecogniseMeeting();
  const trigger = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState<Opened>(null);
  const close = () => {
    setOpened(null);
    requestAnimationFrame(() => trigger.current?.focus());
  };
  const compareAgain = () =>
    recognise.mutate(meeting.id, {
      onSuccess: ({ is_asked: isAsked }) => say(isAsked ? t("recognising") : t("nothingToRecognise")),
      onError: (error) => say(errorText(error), { kind: "error" }),
    });
  return (
    <>
      <Menu
        trigger={
          <IconButton ref={trigger} label={common("more")}>
            <Ellipsis />
          </IconButton>
        }
      >
        <MenuItem icon={<Pencil />} onSelect={() => setOpened("details")}>
          {t("menu.details")}
        </MenuItem>
        <MenuItem icon={<SlidersHorizontal />} onSelect={() => setOpened("rerun")} disabled={isUnderWay(meeting) || !meeting.has_recording}>
          {t("menu.rerun")}
        </MenuItem>
        {meeting.has_results && (
          <MenuItem icon={<AudioLines />} onSelect={compareAgain} disabled={isUnderWay(meeting)}>
            {t("menu.recognise")}
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem icon={<Download />} disabled={!meeting.has_recording} onSelect={() => downloadRecording(meeting.id)}>
          {t("menu.recording")}
        </MenuItem>
        <MenuItem icon={<Info />} onSelect={() => setOpened("run")}>
          {t("menu.run")}
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDanger onSelect={() => setOpened("delete")}>
          {t("menu.delete")}
        </MenuItem>
      </Menu>
      {opened === "details" && <DetailsDialog meeting={meeting} onClose={close} />}
      {opened === "rerun" && <RerunDialog meeting={meeting} onClose={close} />}
      {opened === "run" && <RunDialog meeting={meeting} onClose={close} />}
      {opened === "delete" && <DeleteDialog meeting={meeting} onClose={close} onDeleted={() => router.push("/")} />}
    </>
  );
}

/** By the browser itself, however large it is. */
function downloadRecording(meetingId: string): void {
  const link = document.createElement("a");
  link.href = recordingUrl(meetingId);
  link.download = "";
  link.click();
}
