"""The Helm chart as Helm's own engine renders it, and the sets of values that the tests render it with."""

from copy import deepcopy
from typing import Any

import yaml

from tests.conftest import REPOSITORY

CHART = REPOSITORY / "deploy" / "helm" / "smart-meeting-scribe"
Values = dict[str, Any]
Manifest = dict[str, Any]

PASSWORDS = {
    "databaseUrl": "postgresql://scribe:pw-database@db.test:5432/scribe?sslmode=require",
    "redisUrl": "redis://:pw-redis@redis.test:6379/0",
    "s3AccessKeyId": "pw-key-id",
    "s3SecretAccessKey": "pw-key",
    "kedaDatabasePassword": "pw-keda",
}


def peer(address: str) -> list[Values]:
    return [{"ipBlock": {"cidr": f"{address}/32"}}]


MINIMAL: Values = {
    "secret": {"existing": "scribe-secrets"},
    "storage": {"url": "s3://scribe/files"},
    "models": {"existingClaim": "scribe-models"},
    "networkPolicy": {
        "database": {"to": peer("10.0.0.5")},
        "redis": {"to": peer("10.0.0.6")},
        "s3": {"to": peer("10.0.0.7")},
    },
}


def merged(base: Values, more: Values) -> Values:
    """Both, and ``more`` where they differ."""
    both = deepcopy(base)
    for name, value in more.items():
        both[name] = merged(both[name], value) if isinstance(both.get(name), dict) and value else value
    return both


EVERYTHING = merged(
    MINIMAL,
    {
        "images": {"registry": "registry.test/", "tag": "0.9", "pullSecrets": ["pull"], "api": "scribe/api@sha256:abc"},
        "secret": {"existing": "", **PASSWORDS},
        "storage": {"endpointUrl": "https://s3.test"},
        "trustedCa": {"configMap": "our-ca"},
        "settings": {
            "SCRIBE_TRANSCRIPTION__MODEL": "whisper-small",
            "SCRIBE_RETENTION__AUDIO_DAYS": 90,
            "SCRIBE_QUEUE__RETRY_DELAYS_S": [5, 30.5],
            "SCRIBE_API__MAX_UPLOAD_MB": 5_000_000,
            "SCRIBE_AUDIT__READS": False,
            "SCRIBE_TELEMETRY__OTLP_ENDPOINT": "http://collector:4318",
        },
        "api": {
            "trustedProxies": "10.42.0.0/16",
            "podAnnotations": {"a": "b"},
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "tolerations": [{"operator": "Exists"}],
            "priorityClassName": "high",
        },
        "workers": {
            "cpu": {"minReplicas": 0, "affinity": {"nodeAffinity": {}}, "podAnnotations": {"a": "b"}},
            "gpu": {"enabled": True, "maxReplicas": 3, "runtimeClassName": "nvidia", "budgetMb": 12000},
        },
        "autoscaling": {"enabled": True, "database": {"host": "db.test"}},
        "models": {
            "existingClaim": "",
            "create": {"enabled": True, "storageClassName": "nfs"},
            "pull": {"enabled": True},
        },
        "ingress": {"enabled": True, "className": "nginx", "host": "meetings.test", "tlsSecret": "tls"},
        "networkPolicy": {
            "telemetry": {"to": peer("10.0.0.8")},
            "ingressFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}],
        },
        "monitoring": {
            "labels": {"release": "prometheus"},
            "serviceMonitor": {"enabled": True, "tokenSecret": {"name": "prometheus-token"}},
            "prometheusRule": {"enabled": True},
            "dashboard": {"enabled": True},
        },
    },
)

SETS: dict[str, Values] = {
    "minimal": MINIMAL,
    "everything": EVERYTHING,
    "own secret": merged(MINIMAL, {"secret": {"existing": "", **PASSWORDS}}),
    "a card only": merged(MINIMAL, {"workers": {"cpu": {"enabled": False}, "gpu": {"enabled": True}}}),
    "scaled, no card": merged(
        MINIMAL, {"autoscaling": {"enabled": True, "database": {"host": "db.test"}, "meetingsPerWorker": 2}}
    ),
    "OpenShift, workload identity": merged(
        MINIMAL,
        {
            "podSecurity": {"runAsUser": None, "fsGroup": None},
            "storage": {"workloadIdentity": True},
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn"}},
        },
    ),
    "gateway, models in an image": merged(
        MINIMAL,
        {
            "models": {"existingClaim": "", "image": "registry.test/models:1"},
            "gateway": {"enabled": True, "host": "meetings.test", "parentRefs": [{"name": "public"}]},
            "api": {"trustedProxies": "10.42.0.0/16"},
        },
    ),
    "traefik, no policies": merged(
        MINIMAL,
        {
            "ingress": {"enabled": True, "controller": "traefik", "host": "meetings.test"},
            "api": {"trustedProxies": "10.42.0.0/16"},
            "networkPolicy": {"enabled": False},
            "podDisruptionBudget": {"enabled": False},
        },
    ),
}


def objects(rendered: dict[str, str]) -> list[Manifest]:
    return [
        found
        for name, text in rendered.items()
        if not name.endswith("NOTES.txt")
        for found in yaml.safe_load_all(text)
        if found
    ]


def pod_specs(manifests: list[Manifest]) -> dict[str, Manifest]:
    """By the kind and name of what makes the pods."""
    specs = {}
    for found in manifests:
        if found["kind"] == "Pod":
            specs[f"Pod {found['metadata']['name']}"] = found["spec"]
        elif "template" in found.get("spec", {}):
            specs[f"{found['kind']} {found['metadata']['name']}"] = found["spec"]["template"]["spec"]
    return specs
