"use client";
/** Records with the microphone. Closing it while it runs folds it away, nothing more. */
import { Mic, Pause, Play, Square } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef } from "react";
import { Button } from "@/components/ui/Button";
import { Dialog } from "@/components/ui/Dialog";
import { SelectField } from "@/components/ui/Field";
import { Notice } from "@/components/ui/Notice";
import { useLanguage } from "@/features/shell/Language";
import { clock, dayAndTime } from "@/lib/format";
import { LevelMeter } from "./LevelMeter";
import { StoppedTape } from "./StoppedTape";
import { useElapsed } from "./useElapsed";
import { theTape, type TapeState } from "./tape";
import { useTapeState } from "./useTape";

export function RecorderDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations("uploads");
  const tape = useTapeState();
  const { phase } = tape;
  useEffect(() => {
    if (["closed", "failed"].includes(theTape().snapshot().phase.kind)) void theTape().open();
    return () => theTape().close();
  }, []);
  const isStopped = phase.kind === "stopped";
  return (
    <Dialog isOpen onClose={onClose} title={isStopped ? t("recordedTitle") : t("recorderTitle")}>
      {isStopped ? <StoppedTape record={phase.record} sound={phase.sound} isCut={tape.isCut} onDone={onClose} /> : <Running tape={tape} onHide={onClose} />}
    </Dialog>
  );
}

function Running({ tape, onHide }: { tape: TapeState; onHide: () => void }) {
  const t = useTranslations("uploads");
  const { phase } = tape;
  if (phase.kind === "failed") {
    return (
      <Notice tone="danger" actions={phase.why === "insecure" ? undefined : <Button size="sm" onClick={() => void theTape().open("")}>{t("micRetry")}</Button>}>
        {t(`micFailure.${phase.why}`)}
      </Notice>
    );
  }
  if (phase.kind === "opening" || phase.kind === "closed") return <p role="status" className="py-8 text-center text-ink-soft">{t("micAsking")}</p>;
  const isOn = phase.kind !== "ready";
  return (
    <div className="flex flex-col gap-5 pt-1">
      {!isOn && (
        <SelectField label={t("micDevice")} value={tape.deviceId} onChange={(event) => void theTape().open(event.target.value)}>
          {tape.devices.map((device, place) => (
            <option key={device.deviceId} value={device.deviceId}>
              {device.label || t("micNumber", { number: place + 1 })}
            </option>
          ))}
        </SelectField>
      )}
      <Time tape={tape} />
      <LevelMeter />
      <div aria-live="polite" className="empty:hidden">
        {tape.isSilent && <Notice tone="warning">{t("micSilent")}</Notice>}
      </div>
      {tape.isUnsafe && <Notice tone="warning">{t("micUnsafe")}</Notice>}
      <Controls phase={phase.kind} onHide={onHide} />
      <p className="text-xs text-ink-faint">{isOn ? t("recordingSafe") : t("beforeRecording")}</p>
    </div>
  );
}

function Time({ tape }: { tape: TapeState }) {
  const t = useTranslations("uploads");
  const seconds = useElapsed(tape.watch);
  const { kind } = tape.phase;
  return (
    <div className="text-center">
      <p role="timer" aria-label={t("elapsed")} className="font-serif text-2xl font-semibold tabular">
        {clock(seconds)}
      </p>
      <p role="status" className={kind === "running" ? "text-sm font-medium text-danger" : "text-sm text-ink-soft"}>
        {kind === "running" ? t("isRecording") : kind === "paused" ? t("isPaused") : t("isReady")}
      </p>
    </div>
  );
}

function Controls({ phase, onHide }: { phase: "ready" | "running" | "paused" | "stopped"; onHide: () => void }) {
  const t = useTranslations("uploads");
  const { language } = useLanguage();
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), [phase]); // the button that had the focus is another one now
  if (phase === "ready") {
    return (
      <Button ref={first} kind="primary" size="lg" onClick={() => theTape().start(t("recordingOf", { when: dayAndTime(new Date().toISOString(), language) }))}>
        <Mic aria-hidden />
        {t("start")}
      </Button>
    );
  }
  return (
    <div className="flex flex-wrap justify-center gap-2">
      <Button ref={first} onClick={() => (phase === "running" ? theTape().pause() : theTape().resume())}>
        {phase === "running" ? <Pause aria-hidden /> : <Play aria-hidden />}
        {phase === "running" ? t("pauseTape") : t("resumeTape")}
      </Button>
      <Button kind="primary" onClick={() => theTape().stop()}>
        <Square aria-hidden />
        {t("stop")}
      </Button>
      <Button kind="quiet" onClick={onHide}>
        {t("hideRecorder")}
      </Button>
    </div>
  );
}
