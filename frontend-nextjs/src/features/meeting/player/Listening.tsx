"use client";
/** How it is heard: speed, silences, volume; lanes and help. In a row where there is room, else behind one button. */
import { AlignStartVertical, CircleHelp, FastForward, Volume2, VolumeX } from "lucide-react";
import { useTranslations } from "next-intl";
import { IconButton } from "@/components/ui/IconButton";
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

export function Speed() {
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

export function Volume() {
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
