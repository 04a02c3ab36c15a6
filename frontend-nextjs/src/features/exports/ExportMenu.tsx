"use client";
/** Taking a meeting away: as a file, into the clipboard, on paper. */
import { ChevronDown, ClipboardCopy, Download, Printer } from "lucide-react";
import { useTranslations } from "next-intl";
import { Fragment, useState } from "react";
import { Button } from "@/components/ui/Button";
import { Menu, MenuItem, MenuLabel, MenuSeparator } from "@/components/ui/Menu";
import { MenuRadio } from "@/components/ui/MenuRadio";
import { useLanguage } from "@/features/shell/Language";
import type { Language } from "@/lib/format";
import { FORMATS, GROUPS } from "./formats";
import { PrintSheet } from "./PrintSheet";
import { usePrint } from "./usePrint";
import { useTakeAway } from "./useTakeAway";

export function ExportMenu({ meetingId, title }: { meetingId: string; title: string }) {
  const t = useTranslations("exports");
  const { language } = useLanguage();
  const [headings, setHeadings] = useState<Language>(language);
  const { download, copyAll, isBusy } = useTakeAway(meetingId, headings);
  const printing = usePrint(meetingId);
  return (
    <>
      <Menu
        trigger={
          <Button isBusy={isBusy || printing.isPreparing} aria-label={t("menu")}>
            {!(isBusy || printing.isPreparing) && <Download aria-hidden />}
            <span className="max-sm:sr-only">{t("menu")}</span>
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        <div className="w-88 max-w-[calc(100vw-1.75rem)]">
          <MenuItem icon={<ClipboardCopy />} onSelect={() => void copyAll()}>
            {t("copyAll")}
          </MenuItem>
          <MenuItem icon={<Printer />} onSelect={() => void printing.print()}>
            {t("print")}
          </MenuItem>
          <MenuSeparator />
          {GROUPS.map((group) => (
            <Fragment key={group}>
              <MenuLabel>{t(`group.${group}`)}</MenuLabel>
              {FORMATS[group].map((format) => (
                <MenuItem key={format} onSelect={() => void download(format)} textValue={t(`format.${format}`)}>
                  <span className="flex items-baseline gap-2.5">
                    <span className="w-20 shrink-0 font-medium">{t(`format.${format}`)}</span>
                    <span className="text-xs text-ink-faint">{t(`purpose.${format}`)}</span>
                  </span>
                </MenuItem>
              ))}
            </Fragment>
          ))}
          <MenuSeparator />
          <MenuLabel>{t("headings")}</MenuLabel>
          <MenuRadio
            label={t("headings")}
            value={headings}
            onChange={setHeadings}
            options={[
              { value: "fr", label: "Français" },
              { value: "en", label: "English" },
            ]}
          />
        </div>
      </Menu>
      <PrintSheet title={title} meetingId={meetingId} transcript={printing.transcript} />
    </>
  );
}
