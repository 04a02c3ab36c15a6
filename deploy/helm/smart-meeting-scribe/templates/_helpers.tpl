{{- define "scribe.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "scribe.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "scribe.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "scribe.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "scribe.selector" -}}
app.kubernetes.io/name: {{ include "scribe.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "scribe.labels" -}}
{{ include "scribe.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* Of a list: root, the name of the image. */ -}}
{{- define "scribe.image" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- if $root.Values.images.registry -}}{{ trimSuffix "/" $root.Values.images.registry }}/{{- end -}}
{{- $name -}}
{{- if not (contains "@" $name) -}}:{{ default $root.Chart.AppVersion $root.Values.images.tag }}{{- end -}}
{{- end -}}

{{- define "scribe.secretName" -}}
{{- default (include "scribe.fullname" .) .Values.secret.existing -}}
{{- end -}}

{{- define "scribe.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "scribe.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name: name an existing ServiceAccount, or let the chart make one (serviceAccount.create)." .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "scribe.host" -}}
{{- if .Values.ingress.enabled -}}
{{- required "ingress.host: the name under which users reach the service, such as meetings.hospital.example." .Values.ingress.host -}}
{{- else if .Values.gateway.enabled -}}
{{- required "gateway.host: the name under which users reach the service, such as meetings.hospital.example." .Values.gateway.host -}}
{{- end -}}
{{- end -}}

{{- define "scribe.publicUrl" -}}
{{- $host := include "scribe.host" . -}}
{{- if .Values.publicUrl -}}{{ .Values.publicUrl }}{{- else if $host -}}https://{{ $host }}{{- end -}}
{{- end -}}

{{- /* What no schema can say. Included once, by the ConfigMap that everything needs. */ -}}
{{- define "scribe.validate" -}}
{{- $v := .Values -}}
{{- $_ := required "storage.url: the bucket for recordings and results, such as s3://scribe/files." $v.storage.url -}}
{{- if not $v.secret.existing -}}
{{- $_ := required "secret.databaseUrl: postgresql://user:password@host:5432/name of a PostgreSQL 18 with pgvector, or secret.existing: the name of a Secret that holds it as DATABASE_URL." $v.secret.databaseUrl -}}
{{- $_ := required "secret.redisUrl: redis://:password@host:6379/0, or secret.existing: the name of a Secret that holds it as REDIS_URL." $v.secret.redisUrl -}}
{{- if not $v.storage.workloadIdentity -}}
{{- $_ := required "secret.s3AccessKeyId and secret.s3SecretAccessKey: keys of the bucket; or secret.existing; or storage.workloadIdentity." (and $v.secret.s3AccessKeyId $v.secret.s3SecretAccessKey) -}}
{{- end -}}
{{- if $v.autoscaling.enabled -}}
{{- $_ := required "secret.kedaDatabasePassword: of the role autoscaling.database.user, or secret.existing: a Secret that holds it as KEDA_DATABASE_PASSWORD." $v.secret.kedaDatabasePassword -}}
{{- end -}}
{{- end -}}
{{- if $v.autoscaling.enabled -}}
{{- $_ := required "autoscaling.database.host: where KEDA, which is in another namespace, reaches PostgreSQL." $v.autoscaling.database.host -}}
{{- end -}}
{{- if and $v.ingress.enabled $v.gateway.enabled -}}{{- fail "ingress.enabled and gateway.enabled: choose one." -}}{{- end -}}
{{- if or $v.ingress.enabled $v.gateway.enabled -}}
{{- $_ := include "scribe.host" . -}}
{{- $_ := required "api.trustedProxies: the network of the Ingress controller's pods, such as 10.42.0.0/16; otherwise all users count as one when sign-ins are limited." $v.api.trustedProxies -}}
{{- if eq (toString (index $v.settings "SCRIBE_API__METRICS_OPEN")) "true" -}}
{{- fail "settings.SCRIBE_API__METRICS_OPEN: the numbers would be open to whoever reaches the Ingress. Give Prometheus a token: monitoring.serviceMonitor.tokenSecret." -}}
{{- end -}}
{{- end -}}
{{- if not (or $v.workers.cpu.enabled $v.workers.gpu.enabled) -}}{{- fail "workers: enable workers.cpu or workers.gpu; without a worker every recording waits." -}}{{- end -}}
{{- range $pool := list "cpu" "gpu" -}}
{{- $of := index $v.workers $pool -}}
{{- if lt (int $of.maxReplicas) (int $of.minReplicas) -}}{{- fail (printf "workers.%s: maxReplicas is less than minReplicas." $pool) -}}{{- end -}}
{{- end -}}
{{- if and $v.models.image (or $v.models.existingClaim $v.models.create.enabled) -}}{{- fail "models: an image, or a claim, not both." -}}{{- end -}}
{{- if and $v.models.existingClaim $v.models.create.enabled -}}{{- fail "models: existingClaim, or create, not both." -}}{{- end -}}
{{- if not (or $v.models.image $v.models.existingClaim $v.models.create.enabled) -}}{{- fail "models: where workers find them: models.existingClaim, models.create.enabled or models.image (docs/kubernetes.md says how to fill a claim)." -}}{{- end -}}
{{- if and $v.models.pull.enabled $v.models.image -}}{{- fail "models.pull: fills a claim, not an image." -}}{{- end -}}
{{- if $v.networkPolicy.enabled -}}
{{- range $server := list "database" "redis" "s3" -}}
{{- if not (index $v.networkPolicy $server).to -}}{{- fail (printf "networkPolicy.%s.to: where it is, such as [{ipBlock: {cidr: 10.0.5.20/32}}]; pods may reach nothing else. Or networkPolicy.enabled=false." $server) -}}{{- end -}}
{{- end -}}
{{- if and (index $v.settings "SCRIBE_TELEMETRY__OTLP_ENDPOINT") (not $v.networkPolicy.telemetry.to) -}}{{- fail "networkPolicy.telemetry.to: where the collector of settings.SCRIBE_TELEMETRY__OTLP_ENDPOINT is; pods may reach nothing else." -}}{{- end -}}
{{- end -}}
{{- if and $v.monitoring.serviceMonitor.enabled (not $v.monitoring.serviceMonitor.tokenSecret.name) -}}{{- fail "monitoring.serviceMonitor.tokenSecret.name: a Secret with an administrator's API token; /metrics is not open." -}}{{- end -}}
{{- end -}}

{{- /* The whole "restricted" profile of the Pod Security Standards. */ -}}
{{- define "scribe.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
serviceAccountName: {{ include "scribe.serviceAccountName" . }}
shareProcessNamespace: true # something must reap the children of decoders and typesetters
securityContext:
  runAsNonRoot: true
  {{- with .Values.podSecurity.runAsUser }}
  runAsUser: {{ int . }}
  runAsGroup: {{ int . }}
  {{- end }}
  {{- with .Values.podSecurity.fsGroup }}
  fsGroup: {{ int . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "scribe.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{- define "scribe.secretEnv" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef: {name: {{ include "scribe.secretName" (index . 0) }}, key: {{ index . 1 }}}
{{- end -}}

{{- define "scribe.env" -}}
{{ include "scribe.secretEnv" (list . "DATABASE_URL") }}
{{ include "scribe.secretEnv" (list . "REDIS_URL") }}
{{- if not .Values.storage.workloadIdentity }}
{{ include "scribe.secretEnv" (list . "AWS_ACCESS_KEY_ID") }}
{{ include "scribe.secretEnv" (list . "AWS_SECRET_ACCESS_KEY") }}
- {name: AWS_EC2_METADATA_DISABLED, value: "true"}
{{- end }}
{{- end -}}

{{- define "scribe.caVolume" -}}
{{- with .Values.trustedCa.configMap }}
- name: ca
  configMap:
    name: {{ . }}
    items: [{key: {{ $.Values.trustedCa.key }}, path: ca.crt}]
{{- end }}
{{- end -}}

{{- define "scribe.caMount" -}}
{{- if .Values.trustedCa.configMap }}
- {name: ca, mountPath: /etc/scribe/ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "scribe.modelsClaim" -}}
{{- default (printf "%s-models" (include "scribe.fullname" .)) .Values.models.existingClaim -}}
{{- end -}}

{{- /* What waits and what runs, from the tables. `over`: how many of them another pool takes. One when only the small work of
     workers is to be done: clips of voices, the index of search, names to be written. */ -}}
{{- define "scribe.kedaQuery" -}}
select greatest(count(*) - {{ .over }}, 0){{ if eq (int .over) 0 }} + case when count(*) = 0 and (
exists (select from enrolments where status in ('PENDING', 'PROCESSING'))
or exists (select from meetings where names_version <> names_written)
or exists (select from meetings where recognition_asked_at is not null)
or exists (select from meetings where published_at is not null
and (indexed_run is distinct from results_run or indexed_version is distinct from names_version))
) then 1 else 0 end{{ end }}
from meetings where status = 'PROCESSING' or (status = 'PENDING' and next_attempt_at <= now())
{{- end -}}
