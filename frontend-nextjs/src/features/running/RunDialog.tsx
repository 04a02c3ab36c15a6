"use client";
import { useTranslations } from "next-intl";
import { Dialog } from "@/components/ui/Dialog";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { bytes, dayAndTime, duration } from "@/lib/format";
import { languageName } from "./languages";
import { RunWarnings } from "./RunWarnings";

type Meeting = Schemas["MeetingOut"];

/** How the result came about: stages with their time, options, recording, warnings. */
export function RunDialog({ meeting, onClose }: { meeting: Meeting; onClose: () => void }) {
  const t = useTranslations("running");
  return (
    <Dialog isOpen onClose={onClose} title={t("runTitle")}>
      <div className="flex flex-col gap-6">
        <Stages meeting={meeting} />
        <Facts meeting={meeting} />
        <RunWarnings warnings={meeting.warnings} />
      </div>
    </Dialog>
  );
}

function Stages({ meeting }: { meeting: Meeting }) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  if (meeting.stages.length === 0) return <p className="text-ink-soft">{t("noStages")}</p>;
  const total_s = meeting.stages.filter((stage) => !stage.is_reused).reduce((sum, stage) => sum + stage.seconds, 0);
  const seconds = (value: number) => (value < 1 ? t("underASecond") : duration(value, language));
  return (
    <table className="w-full text-sm">
      <caption className="sr-only">{t("stages")}</caption>
      <thead>
        <tr className="border-b border-line text-left text-xs text-ink-faint">
          <th className="py-2 pr-3 font-medium">{t("tech.stage")}</th>
          <th className="py-2 pr-3 text-right font-medium">{t("took")}</th>
          <th className="py-2 text-right font-medium">{t("memory")}</th>
        </tr>
      </thead>
      <tbody className="tabular">
        {meeting.stages.map((stage) => (
          <tr key={stage.stage} className="border-b border-line">
            <th scope="row" className="py-2 pr-3 text-left font-normal">
              {t(`stage.${stage.stage}`)}
            </th>
            <td className="py-2 pr-3 text-right">{stage.is_reused ? t("reused") : seconds(stage.seconds)}</td>
            <td className="py-2 text-right text-ink-soft">
              {bytes(stage.peak_rss_mb * 1e6, language)}
              {typeof stage.peak_vram_mb === "number" && (
                <span className="block text-xs">
                  {t("onCard", { memory: bytes(stage.peak_vram_mb * 2 ** 20, language) })}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
      <tfoot className="tabular">
        <tr>
          <th scope="row" className="py-2 pr-3 text-left font-medium">
            {t("total")}
          </th>
          <td className="py-2 pr-3 text-right font-medium">{seconds(total_s)}</td>
          <td />
        </tr>
      </tfoot>
    </table>
  );
}

function Facts({ meeting }: { meeting: Meeting }) {
  const t = useTranslations("running");
  const { language } = useLanguage();
  const { audio, options } = meeting;
  const rows: [string, string | null][] = [
    [t("fact.uploaded"), `${dayAndTime(meeting.created_at, language)} · ${meeting.owner.username}`],
    [t("fact.file"), meeting.file_name ? `${meeting.file_name} · ${bytes(meeting.size_bytes, language)}` : bytes(meeting.size_bytes, language)],
    [t("fact.sound"), audio && `${audio.container} · ${audio.codec} · ${audio.source_sample_rate_hz / 1000} kHz · ${t("fact.channels", { count: audio.source_channels })}`],
    [t("fact.language"), meeting.language && languageName(meeting.language, language)],
    [t("fact.model"), options.model ?? t("option.modelDefault")],
    [t("fact.vocabulary"), options.vocabulary.length > 0 ? options.vocabulary.join(", ") : null],
    [t("fact.run"), t("fact.runValue", { run: meeting.run, attempt: meeting.attempt })],
    [t("fact.done"), meeting.published_at && dayAndTime(meeting.published_at, language)],
    ["SHA-256", meeting.sha256],
    [t("tech.meeting"), meeting.id],
  ];
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-5 gap-y-1.5 text-sm">
      {rows
        .filter(([, value]) => value)
        .map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-ink-faint">{term}</dt>
            <dd className="min-w-0 break-all text-ink-soft">{value}</dd>
          </div>
        ))}
    </dl>
  );
}
