"use client";
/** What the law provides for, and two entries of one person. */
import { Download, Eraser, Merge } from "lucide-react";
import dynamic from "next/dynamic";
import { useTranslations } from "next-intl";
import { useState, type ReactNode } from "react";
import { Button } from "@/components/ui/Button";
import { Section } from "@/components/ui/Section";
import { useToast } from "@/components/ui/Toast";
import { useErrorText } from "@/features/shell/useErrorText";
import { usePersonExport, type PersonDetail } from "@/lib/api/people";

const MergeDialog = dynamic(() => import("./MergeDialog").then((module) => module.MergeDialog));
const ForgetDialog = dynamic(() => import("./ForgetDialog").then((module) => module.ForgetDialog));

export function DataSection({ person, onForgotten }: { person: PersonDetail; onForgotten: () => void }) {
  const t = useTranslations("voices.data");
  const say = useToast();
  const errorText = useErrorText();
  const stored = usePersonExport(person.id);
  const [open, setOpen] = useState<"merge" | "forget" | null>(null);
  const download = () =>
    stored.mutate(undefined, {
      onSuccess: (everything) => save(everything, `${person.name}.json`),
      onError: (error) => say(errorText(error), { kind: "error" }),
    });
  return (
    <Section title={t("title")} about={t("about")}>
      <ul className="flex flex-col gap-5">
        <Action hint={t("exportHint")}>
          <Button isBusy={stored.isPending} onClick={download}>
            <Download aria-hidden />
            {t("export")}
          </Button>
        </Action>
        <Action hint={t("mergeHint")}>
          <Button onClick={() => setOpen("merge")}>
            <Merge aria-hidden />
            {t("merge")}
          </Button>
        </Action>
        <Action hint={t("forgetHint")}>
          <Button kind="danger" onClick={() => setOpen("forget")}>
            <Eraser aria-hidden />
            {t("forget")}
          </Button>
        </Action>
      </ul>
      {open === "merge" && <MergeDialog person={person} onClose={() => setOpen(null)} />}
      {open === "forget" && <ForgetDialog person={person} onClose={() => setOpen(null)} onForgotten={onForgotten} />}
    </Section>
  );
}

function Action({ hint, children }: { hint: ReactNode; children: ReactNode }) {
  return (
    <li>
      {children}
      <p className="mt-1.5 max-w-prose text-xs text-ink-faint">{hint}</p>
    </li>
  );
}

function save(everything: unknown, name: string): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(everything, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replaceAll(/[\\/:*?"<>|]/g, "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
