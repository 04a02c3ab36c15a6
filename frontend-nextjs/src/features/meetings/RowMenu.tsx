"use client";
import { Ban, EllipsisVertical, FolderOpen, PencilLine, RotateCcw, Tags, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useTranslations } from "next-intl";
import { Menu, MenuItem, MenuSeparator } from "@/components/ui/Menu";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { isUnderWay, useCancelMeeting, type MeetingSummary } from "@/lib/api/meetings";
import type { Asked } from "./MeetingsPage";

export function RowMenu({ meeting, onAsk }: { meeting: MeetingSummary; onAsk: (what: Asked, meeting: MeetingSummary) => void }) {
  const t = useTranslations("meetings");
  const router = useRouter();
  const say = useToast();
  const errorText = useErrorText();
  const cancel = useCancelMeeting();
  return (
    <Menu
      trigger={
        <button
          type="button"
          aria-label={t("menu", { title: meeting.title })}
          className="flex size-10 items-center justify-center rounded-md text-ink-faint hover:bg-line/60 hover:text-ink data-[state=open]:bg-line/60 data-[state=open]:text-ink"
        >
          <EllipsisVertical aria-hidden className="size-5" />
        </button>
      }
    >
      <MenuItem icon={<FolderOpen />} onSelect={() => router.push(`/meetings/${meeting.id}`)}>
        {t("open")}
      </MenuItem>
      <MenuItem icon={<PencilLine />} onSelect={() => onAsk("rename", meeting)}>
        {t("rename")}
      </MenuItem>
      <MenuItem icon={<Tags />} onSelect={() => onAsk("tags", meeting)}>
        {t("editTags")}
      </MenuItem>
      <MenuSeparator />
      {isUnderWay(meeting) ? (
        <MenuItem icon={<Ban />} onSelect={() => cancel.mutate(meeting.id, { onError: (error) => say(errorText(error), { kind: "error" }) })}>
          {t("cancelRun")}
        </MenuItem>
      ) : (
        <MenuItem icon={<RotateCcw />} disabled={!meeting.has_recording} onSelect={() => onAsk("rerun", meeting)}>
          {t("rerun")}
        </MenuItem>
      )}
      <MenuItem icon={<Trash2 />} isDanger shortcut={t("deleteKey")} onSelect={() => onAsk("delete", meeting)}>
        {t("delete")}
      </MenuItem>
    </Menu>
  );
}
