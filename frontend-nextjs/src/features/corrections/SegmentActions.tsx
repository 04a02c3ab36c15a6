"use client";
/** The buttons at the end of a segment. The menu is made when somebody asks for it: thousands of segments have one. */
import { Ellipsis, Pencil } from "lucide-react";
import { useTranslations } from "next-intl";
import dynamic from "next/dynamic";
import { useState } from "react";
import { createPortal } from "react-dom";
import type { Segment } from "@/features/meeting/model";
import { clock } from "@/lib/format";
import { useCorrections } from "./context";
import { SegmentMenu } from "./SegmentMenu";

const SplitDialog = dynamic(() => import("./SplitDialog").then((found) => found.SplitDialog), { ssr: false });

const BUTTON =
  "inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-soft hover:bg-sunken hover:text-ink max-sm:size-10 [&_svg]:size-4";

export function SegmentActions({ segment, next }: { segment: Segment; next: Segment | null }) {
  const t = useTranslations("corrections");
  const { startEditing } = useCorrections();
  const [isMenuWanted, setMenuWanted] = useState(false);
  const [isSplitting, setSplitting] = useState(false);
  const time = clock(segment.start);
  const more = (
    <button
      type="button"
      aria-label={t("moreLabel", { time })}
      aria-haspopup="menu"
      className={BUTTON}
      onClick={isMenuWanted ? undefined : () => setMenuWanted(true)}
    >
      <Ellipsis aria-hidden />
    </button>
  );
  return (
    <div className="flex items-center rounded-md border border-line bg-surface print:hidden">
      <button type="button" aria-label={t("editAt", { time })} title={t("edit")} className={BUTTON} onClick={() => startEditing(segment)}>
        <Pencil aria-hidden />
      </button>
      {isMenuWanted ? <SegmentMenu trigger={more} segment={segment} next={next} onSplit={() => setSplitting(true)} /> : more}
      {isSplitting && createPortal(<SplitDialog segment={segment} onClose={() => setSplitting(false)} />, document.body)}
    </div>
  );
}
