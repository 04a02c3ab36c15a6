"use client";
/** The whole window takes files. Two places while they hover: go at once, or say more first. */
import { SlidersHorizontal, Upload } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useRef, useState } from "react";
import { cx } from "@/lib/cx";
import { filesOf, hasFiles } from "./dropped";

interface Props {
  onDrop: (files: File[]) => void;
  onDropWithDetails: (files: File[]) => void;
  /** The dialog is open already: what is dropped goes there. */
  isDialogOpen: boolean;
}

const DETAILS = "[data-drop=details]";

export function DropTarget({ onDrop, onDropWithDetails, isDialogOpen }: Props) {
  const t = useTranslations("uploads");
  const [over, setOver] = useState<"no" | "at-once" | "details">("no");
  const latest = useRef({ onDrop, onDropWithDetails, isDialogOpen });
  useEffect(() => {
    latest.current = { onDrop, onDropWithDetails, isDialogOpen };
  });
  useEffect(() => {
    const place = (event: DragEvent) => (event.target instanceof Element && event.target.closest(DETAILS) ? "details" : "at-once");
    const moved = (event: DragEvent) => {
      if (!hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      setOver(place(event));
    };
    const left = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver("no");
    };
    const dropped = (event: DragEvent) => {
      if (!event.dataTransfer || !hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      setOver("no");
      const isDetailed = latest.current.isDialogOpen || place(event) === "details";
      void filesOf(event.dataTransfer).then((files) => {
        if (files.length > 0) (isDetailed ? latest.current.onDropWithDetails : latest.current.onDrop)(files);
      });
    };
    window.addEventListener("dragenter", moved);
    window.addEventListener("dragover", moved);
    window.addEventListener("dragleave", left);
    window.addEventListener("drop", dropped);
    return () => {
      window.removeEventListener("dragenter", moved);
      window.removeEventListener("dragover", moved);
      window.removeEventListener("dragleave", left);
      window.removeEventListener("drop", dropped);
    };
  }, []);
  if (over === "no" || isDialogOpen) return null;
  const zone = "flex items-center justify-center gap-4 rounded-lg border-2 border-dashed text-center transition-colors";
  return (
    <div className="fixed inset-0 z-50 flex flex-col gap-3 bg-paper/95 p-3 sm:gap-5 sm:p-8">
      <div className={cx(zone, "flex-1 flex-col", over === "at-once" ? "border-accent bg-accent-soft text-accent" : "border-line-strong text-ink-soft")}>
        <Upload aria-hidden className="size-10" />
        <p className="font-serif text-2xl font-semibold">{t("dropHere")}</p>
        <p className="text-base">{t("dropGoes")}</p>
      </div>
      <div data-drop="details" className={cx(zone, "h-28 px-4 sm:h-32", over === "details" ? "border-accent bg-accent-soft text-accent" : "border-line-strong text-ink-soft")}>
        <SlidersHorizontal aria-hidden className="size-6 shrink-0" />
        <p className="text-base">{t("dropDetails")}</p>
      </div>
    </div>
  );
}
