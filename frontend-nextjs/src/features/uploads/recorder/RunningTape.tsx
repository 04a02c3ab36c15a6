"use client";
import { Pause, Play, Square } from "lucide-react";
import { useTranslations } from "next-intl";
import { IconButton } from "@/components/ui/IconButton";
import { clock } from "@/lib/format";
import { useElapsed } from "./useElapsed";
import { theTape } from "./tape";
import { useTapeState } from "./useTape";

/** The recording that goes on while one looks at something else. */
export function RunningTape({ onOpen }: { onOpen: () => void }) {
  const t = useTranslations("uploads");
  const tape = useTapeState();
  const seconds = useElapsed(tape.watch);
  const { kind } = tape.phase;
  if (kind !== "running" && kind !== "paused") return null;
  return (
    <div className="flex items-center gap-1 border-b border-line py-1.5 pr-2 pl-4 last:border-b-0">
      <button type="button" onClick={onOpen} className="flex min-h-8 min-w-0 flex-1 items-center gap-2.5 text-left text-sm font-medium">
        <span aria-hidden className={kind === "running" ? "size-2.5 animate-pulse rounded-full bg-danger" : "size-2.5 rounded-full bg-line-strong"} />
        {kind === "running" ? t("isRecording") : t("isPaused")}
        <span className="tabular text-ink-soft">{clock(seconds)}</span>
        {tape.isSilent && <span className="truncate text-xs text-warning">{t("silentShort")}</span>}
      </button>
      <IconButton size="sm" label={kind === "running" ? t("pauseTape") : t("resumeTape")} onClick={() => (kind === "running" ? theTape().pause() : theTape().resume())}>
        {kind === "running" ? <Pause /> : <Play />}
      </IconButton>
      <IconButton
        size="sm"
        label={t("stop")}
        onClick={() => {
          theTape().stop();
          onOpen();
        }}
      >
        <Square />
      </IconButton>
    </div>
  );
}
