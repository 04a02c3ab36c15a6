"use client";
import { CircleAlert, CircleCheck, Copy, FileAudio, Pause, Play, WifiOff, X } from "lucide-react";
import Link from "next/link";
import { useTranslations } from "next-intl";
import { useRef } from "react";
import { Button } from "@/components/ui/Button";
import { IconButton } from "@/components/ui/IconButton";
import { Progress } from "@/components/ui/Progress";
import type { Item } from "./model";
import type { UploadQueue } from "./queue";
import { UploadState } from "./UploadState";

export function UploadRow({ item, queue }: { item: Item; queue: UploadQueue }) {
  const t = useTranslations("uploads");
  const { id, state, fileName } = item;
  const name = item.wishes.title ?? fileName;
  const canPause = state.kind === "sending" || state.kind === "waiting" || state.kind === "stuck";
  const isSettled = state.kind === "done" || state.kind === "refused" || state.kind === "duplicate";
  return (
    <li className="border-b border-line px-4 py-3 last:border-b-0">
      <div className="flex items-start gap-3">
        <Mark item={item} />
        <div className="min-w-0 flex-1">
          {state.kind === "done" || state.kind === "duplicate" ? (
            <Link prefetch={false} href={`/meetings/${state.meetingId}`} className="block truncate font-medium hover:text-accent hover:underline">
              {name}
            </Link>
          ) : (
            <p className="truncate font-medium" title={fileName}>
              {name}
            </p>
          )}
          <UploadState item={item} />
        </div>
        <span className="-mt-1 -mr-2 flex">
          {canPause && (
            <IconButton size="sm" label={t("pause", { name })} onClick={() => queue.pause(id)}>
              <Pause />
            </IconButton>
          )}
          {state.kind === "paused" && (
            <IconButton size="sm" label={t("resume", { name })} onClick={() => queue.resume(id)}>
              <Play />
            </IconButton>
          )}
          {state.kind !== "finishing" && (
            <IconButton size="sm" label={isSettled ? t("hide", { name }) : t("giveUp", { name })} onClick={() => (isSettled ? queue.dismiss(id) : queue.cancel(id))}>
              <X />
            </IconButton>
          )}
        </span>
      </div>
      {["sending", "paused", "stuck", "missing"].includes(state.kind) && (
        <Progress percent={item.sizeBytes ? (100 * item.sentBytes) / item.sizeBytes : 0} label={t("progressOf", { name })} className="mt-2 h-1" />
      )}
      <Actions item={item} queue={queue} />
    </li>
  );
}

function Mark({ item }: { item: Item }) {
  const names = "mt-0.5 size-4.5 shrink-0";
  switch (item.state.kind) {
    case "done":
      return <CircleCheck aria-hidden className={`${names} text-success`} />;
    case "duplicate":
      return <Copy aria-hidden className={`${names} text-warning`} />;
    case "refused":
      return <CircleAlert aria-hidden className={`${names} text-danger`} />;
    case "stuck":
    case "missing":
      return <WifiOff aria-hidden className={`${names} text-warning`} />;
    default:
      return <FileAudio aria-hidden className={`${names} text-accent`} />;
  }
}

function Actions({ item, queue }: { item: Item; queue: UploadQueue }) {
  const t = useTranslations("uploads");
  const input = useRef<HTMLInputElement>(null);
  const { id, state } = item;
  if (state.kind === "stuck") {
    return (
      <div className="mt-2 pl-7">
        <Button size="sm" onClick={() => queue.resume(id)}>
          {t("tryNow")}
        </Button>
      </div>
    );
  }
  if (state.kind === "duplicate") {
    return (
      <div className="mt-2 flex flex-wrap gap-2 pl-7">
        <Button size="sm" asChild>
          <Link prefetch={false} href={`/meetings/${state.meetingId}`}>{t("openExisting")}</Link>
        </Button>
        <Button size="sm" onClick={() => queue.sendAnyway(id)}>
          {t("sendAnyway")}
        </Button>
      </div>
    );
  }
  if (state.kind === "missing") {
    return (
      <div className="mt-2 pl-7">
        <Button size="sm" onClick={() => input.current?.click()}>
          {t("chooseAgain")}
        </Button>
        <input
          ref={input}
          type="file"
          tabIndex={-1}
          aria-label={t("chooseAgain")}
          className="sr-only"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) queue.giveFile(id, file);
            event.target.value = "";
          }}
        />
      </div>
    );
  }
  return null;
}
