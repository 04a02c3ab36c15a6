"use client";
/** How it is heard, where there is no room for a bar: behind one button. */
import { CircleHelp, SlidersHorizontal } from "lucide-react";
import { useTranslations } from "next-intl";
import { Button } from "@/components/ui/Button";
import { Checkbox } from "@/components/ui/Field";
import { IconButton } from "@/components/ui/IconButton";
import { Popover } from "@/components/ui/Popover";
import { useAudio, usePlayerState } from "../player";
import { Speed, Volume } from "./Listening";

interface Props {
  hasLanes: boolean;
  onHelp: () => void;
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
