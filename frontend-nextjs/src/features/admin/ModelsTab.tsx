"use client";
import { Boxes } from "lucide-react";
import { useTranslations } from "next-intl";
import { Badge } from "@/components/ui/Badge";
import { EmptyState } from "@/components/ui/EmptyState";
import { Failed } from "@/components/ui/Failed";
import { Section } from "@/components/ui/Section";
import { Skeleton } from "@/components/ui/Skeleton";
import { useLanguage } from "@/features/shell/Language";
import type { Schemas } from "@/lib/api/client";
import { useModels } from "@/lib/api/models";
import { bytes } from "@/lib/format";

type Model = Schemas["InstalledModelOut"];
/** What a model is for, by the kind that the catalogue gives it. */
const USES: Record<string, "transcription" | "diarization" | "voiceprint"> = {
  transcription: "transcription",
  segmentation: "diarization",
  diarization: "diarization",
  voiceprint: "voiceprint",
};
const ORDER = ["transcription", "diarization", "voiceprint", "other"] as const;

export function ModelsTab() {
  const t = useTranslations("admin.models");
  const models = useModels(true);
  if (models.isPending) return <Skeleton className="h-64" />;
  if (!models.data) return <Failed error={models.error} onRetry={() => void models.refetch()} />;
  if (models.data.length === 0) return <EmptyState icon={<Boxes />} title={t("none")} />;
  const groups = ORDER.map((use) => ({ title: t(`use.${use}`), items: models.data.filter((model) => (USES[model.kind] ?? "other") === use) }));
  return (
    <>
      <div className="mb-8 max-w-prose text-ink-soft">
        <p>{t("about")}</p>
        <p className="mt-1">
          {t("howTo")} <code className="rounded-sm bg-sunken px-1.5 py-0.5 text-xs text-ink">scribe models pull NAME</code>
        </p>
      </div>
      {groups
        .filter((group) => group.items.length > 0)
        .map((group) => (
          <Section key={group.title} title={group.title}>
            <ul className="divide-y divide-line">
              {group.items.map((model) => (
                <ModelRow key={model.name} model={model} />
              ))}
            </ul>
          </Section>
        ))}
    </>
  );
}

function ModelRow({ model }: { model: Model }) {
  const t = useTranslations("admin.models");
  const { language } = useLanguage();
  return (
    <li className="flex items-center gap-3 py-2.5 first:pt-0">
      <div className="min-w-0 flex-1">
        <p className="font-medium break-words">{model.name}</p>
        <p className="text-xs text-ink-faint">
          {t("licence", { licence: model.licence })}
          {model.size_bytes !== null && <> · {bytes(model.size_bytes, language)}</>}
        </p>
      </div>
      <div className="flex flex-wrap justify-end gap-1.5">
        {model.is_default && <Badge tone="accent">{t("default")}</Badge>}
        <Badge tone={model.is_installed ? "success" : "neutral"}>{model.is_installed ? t("installed") : t("missing")}</Badge>
      </div>
    </li>
  );
}
