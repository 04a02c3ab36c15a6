"use client";
/** How it is heard: speed, silences, volume; lanes and help. In a row where there is room, else behind one button. */
import { AlignStartVertical, CircleHelp, FastForward, SlidersHorizontal, Volume2, VolumeX } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { Checkbox } from "@/components/ui/Field";
import { IconButton } from "@/components/ui/IconButton";
import { Popover } from "@/components/ui/Popover";
import { useLanguage } from "@/features/shell/Language";
import { useAudio, usePlayerState } from "../player";
import { RATES } from "./memory";

interface Props {
  hasLanes: boolean;
  onHelp: () => void;
}

export function Listening({ hasLanes, onHelp }: Props) {
  const t = useTranslations("meeting");
  const player = useAudio();
  const { skipsSilence, showsLanes } = usePlayerState();
  return (
    <div className="flex items-center gap-1 max-lg:hidden">
      <Speed />
      {hasLanes && (
        <IconButton label={t("player.skipSilence")} isPressed={skipsSilence} onClick={() => player.set({ skipsSilence: !skipsSilence })}>
          <FastForward />
        </IconButton>
      )}
      <Volume />
      {hasLanes && (
        <IconButton label={t("lanes.title")} isPressed={showsLanes} onClick={() => player.set({ showsLanes: !showsLanes })}>
          <AlignStartVertical />
        </IconButton>
      )}
      <IconButton label={t("keys.title")} shortcut="?" onClick={onHelp}>
        <CircleHelp />
      </IconButton>
    </div>
  );
}

export function MoreListening({ hasLanes, onHelp }: Props) {
  const t = useTranslations("meeting");
  const player = useAudio();
  const { skipsSilence, showsLanes } = usePlayerState();
  return (
    <div className="flex items-center gap-1 lg:hidden">
      <Speed />
      <Popover
        align="end"
        label={t("player.settings")}
        className="w-72"
        trigger={
          <IconButton label={t("player.settings")}>
            <SlidersHorizontal />
          </IconButton>
        }
      >
        <div className="flex flex-col gap-4 p-1">
          {hasLanes && <Checkbox label={t("player.skipSilence")} checked={skipsSilence} onChange={(event) => player.set({ skipsSilence: event.target.checked })} />}
          {hasLanes && <Checkbox label={t("lanes.title")} checked={showsLanes} onChange={(event) => player.set({ showsLanes: event.target.checked })} />}
          <Volume />
          <Button kind="quiet" className="self-start" onClick={onHelp}>
            <CircleHelp aria-hidden />
            {t("keys.title")}
          </Button>
        </div>
      </Popover>
    </div>
  );
}

function Speed() {
  const t = useTranslations("meeting");
  const { language } = useLanguage();
  const player = useAudio();
  const { rate } = usePlayerState();
  return (
    <select
      aria-label={t("player.speed")}
      value={rate}
      onChange={(event) => player.set({ rate: Number(event.target.value) })}
      className="tabular h-10 cursor-pointer rounded-md bg-transparent px-2 text-sm font-medium text-ink-soft hover:bg-sunken hover:text-ink"
    >
      {RATES.map((one) => (
        <option key={one} value={one} className="bg-surface text-ink">
          {one.toLocaleString(language)}
          {"\u00a0×"}
        </option>
      ))}
    </select>
  );
}

function Volume() {
  const t = useTranslations("meeting");
  const { language } = useLanguage();
  const player = useAudio();
  const { volume } = usePlayerState();
  return (
    <div className="flex items-center gap-1">
      <IconButton label={volume > 0 ? t("player.mute") : t("player.unmute")} onClick={() => player.set({ volume: volume > 0 ? 0 : 1 })}>
        {volume > 0 ? <Volume2 /> : <VolumeX />}
      </IconButton>
      <input
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={volume}
        aria-label={t("player.volume")}
        aria-valuetext={volume.toLocaleString(language, { style: "percent" })}
        onChange={(event) => player.set({ volume: Number(event.target.value) })}
        className="w-20 accent-accent"
      />
    </div>
  );
}
