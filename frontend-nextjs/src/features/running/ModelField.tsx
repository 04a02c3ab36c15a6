"use client";
import { useTranslations } from "next-intl";
import { SelectField } from "@/components/ui/Field";
import { useMe } from "@/lib/api/me";
import { useModels } from "@/lib/api/models";

/** Which model transcribes: for administrators, who may see what is installed; whom else the installation decides for. */
export function ModelField({ value, onChange }: { value: string; onChange: (model: string) => void }) {
  const t = useTranslations("running");
  const isAdministrator = useMe().data?.scopes.includes("admin") ?? false;
  const models = useModels(isAdministrator).data ?? [];
  const names = models.filter((model) => model.kind === "transcription" && model.is_installed).map((model) => model.name);
  const all = value === "" || names.includes(value) ? names : [value, ...names];
  if (all.length === 0) return null;
  return (
    <SelectField label={t("option.model")} hint={t("option.modelHint")} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{t("option.modelDefault")}</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
