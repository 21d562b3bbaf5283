{{/* ---- names and labels ---- */}}

{{- define "flume.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "flume.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "flume.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "flume.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "flume.selectorLabels" -}}
app.kubernetes.io/name: {{ include "flume.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "flume.labels" -}}
{{- with .Values.commonLabels }}
{{- toYaml . }}
{{ end }}
{{- include "flume.selectorLabels" . }}
app.kubernetes.io/component: agent
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* The head of an object: (dict "root" $ "name" … "labels" … "annotations" … "namespace" …). */}}
{{- define "flume.metadata" -}}
name: {{ default (include "flume.fullname" .root) .name }}
namespace: {{ default .root.Release.Namespace .namespace }}
labels:
  {{- include "flume.labels" .root | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "flume.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "flume.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "flume.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{- define "flume.permissionsImage" -}}
{{- with .Values.volumePermissions.image -}}
{{- if .repository }}{{ .repository }}:{{ required "volumePermissions.image.tag: set it, volumePermissions.image.repository has one" .tag }}
{{- else }}{{ include "flume.image" $ }}{{ end }}
{{- end }}
{{- end }}

{{/* ---- what the agent is told ---- */}}

{{/* Options of `config` that a running agent cannot change: variables, so that a change of one
     replaces the pods.  All others lie in the ConfigMap. */}}
{{- define "flume.restartOptions" -}}
etcd-silence idle poll record-within stream-idle write-through
{{- end }}

{{- define "flume.config" -}}
{{- $config := dict }}
{{- $restart := splitList " " (include "flume.restartOptions" .) }}
{{- range $key, $value := .Values.config }}
{{- if not (or (has $key $restart) (kindIs "invalid" $value)) }}
{{- $_ := set $config $key $value }}
{{- end }}
{{- end }}
{{- if .Values.service.enabled }}
{{- $name := include "flume.fullname" . }}
{{- $inside := printf "%s.%s" $name .Release.Namespace }}
{{- $names := list $name $inside (printf "%s.svc" $inside) (printf "%s.svc.%s" $inside .Values.clusterDomain) }}
{{- $_ := set $config "allow-host" (concat $names (default (list) (index .Values.config "allow-host")) | uniq) }}
{{- end }}
{{- if $config }}
{{- toYaml $config }}
{{- else -}}
{}
{{- end }}
{{- end }}

{{/* How to reach etcd, for the agent and for every command that is run in its pod. */}}
{{- define "flume.sourceEnv" -}}
{{- with .Values.etcd }}
{{- if .endpoints }}
- name: FLUME_ETCD
  value: {{ join "," .endpoints | quote }}
- name: FLUME_PREFIX
  value: {{ .prefix | quote }}
{{- if .tls.existingSecret }}
{{- if .tls.caKey }}
- name: FLUME_ETCD_CA
  value: {{ printf "/etc/flume-etcd-tls/%s" .tls.caKey }}
{{- end }}
{{- if .tls.certKey }}
- name: FLUME_ETCD_CERT
  value: {{ printf "/etc/flume-etcd-tls/%s" .tls.certKey }}
- name: FLUME_ETCD_KEY
  value: {{ printf "/etc/flume-etcd-tls/%s" .tls.keyKey }}
{{- end }}
{{- end }}
{{- with .tls.serverName }}
- name: FLUME_ETCD_SERVER_NAME
  value: {{ . | quote }}
{{- end }}
{{- if .auth.existingSecret }}
- name: FLUME_ETCD_USER
  {{- if .auth.username }}
  value: {{ .auth.username | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef: {name: {{ .auth.existingSecret }}, key: {{ .auth.usernameKey }}}
  {{- end }}
- name: FLUME_ETCD_PASSWORD_FILE
  value: {{ printf "/etc/flume-etcd-auth/%s" .auth.passwordKey }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.url }}
{{- if .endpoints }}
- name: FLUME_URL
  value: {{ join "," .endpoints | quote }}
{{- if .existingSecret }}
{{- if .tokenKey }}
- name: FLUME_URL_TOKEN_FILE
  value: {{ printf "/etc/flume-url/%s" .tokenKey }}
{{- end }}
{{- if .caKey }}
- name: FLUME_URL_CA_FILE
  value: {{ printf "/etc/flume-url/%s" .caKey }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "flume.dirConfigMap" . }}
- name: FLUME_DIR
  value: /etc/flume-schemas
{{- end }}
{{- end }}

{{- define "flume.dirConfigMap" -}}
{{- if .Values.dir.schemas }}{{ include "flume.fullname" . }}-schemas
{{- else }}{{ .Values.dir.existingConfigMap }}{{ end }}
{{- end }}

{{/* Secrets are optional: one that is not there, or lacks a key, is said by the agent, in a line
     that names the file, while it serves what it has; Kubernetes would not even start it. */}}
{{- define "flume.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    optional: true
    defaultMode: 0440
    items:
      {{- range .keys }}
      - {key: {{ . | quote }}, path: {{ . | quote }}}
      {{- end }}
{{- end }}

{{- define "flume.sourceVolumes" -}}
{{- with .Values.etcd }}
{{- if and .endpoints .auth.existingSecret }}
{{ include "flume.secretVolume" (dict "name" "etcd-auth" "secret" .auth.existingSecret "keys" (list .auth.passwordKey)) }}
{{- end }}
{{- if and .endpoints .tls.existingSecret }}
{{ include "flume.secretVolume" (dict "name" "etcd-tls" "secret" .tls.existingSecret "keys" (compact (list .tls.caKey .tls.certKey .tls.keyKey))) }}
{{- end }}
{{- end }}
{{- with .Values.url }}
{{- if and .endpoints .existingSecret }}
{{ include "flume.secretVolume" (dict "name" "url" "secret" .existingSecret "keys" (compact (list .tokenKey .caKey))) }}
{{- end }}
{{- end }}
{{- with include "flume.dirConfigMap" . }}
- name: schemas
  configMap:
    name: {{ . }}
{{- end }}
{{- end }}

{{- define "flume.sourceVolumeMounts" -}}
{{- with .Values.etcd }}
{{- if and .endpoints .auth.existingSecret }}
- {name: etcd-auth, mountPath: /etc/flume-etcd-auth, readOnly: true}
{{- end }}
{{- if and .endpoints .tls.existingSecret }}
- {name: etcd-tls, mountPath: /etc/flume-etcd-tls, readOnly: true}
{{- end }}
{{- end }}
{{- with .Values.url }}
{{- if and .endpoints .existingSecret }}
- {name: url, mountPath: /etc/flume-url, readOnly: true}
{{- end }}
{{- end }}
{{- if include "flume.dirConfigMap" . }}
- {name: schemas, mountPath: /etc/flume-schemas, readOnly: true}
{{- end }}
{{- end }}

{{/* FLUME_LABEL, after the variables that it is made of. */}}
{{- define "flume.labelEnv" -}}
{{- $parts := list }}
{{- range $name, $path := .Values.nodeLabelsFrom }}
{{- if $path }}
{{- $variable := printf "LABEL_%s" (regexReplaceAll "[^A-Z0-9]" (upper $name) "_") }}
{{- $parts = append $parts (printf "%s=$(%s)" $name $variable) }}
- name: {{ $variable }}
  valueFrom:
    fieldRef: {fieldPath: {{ $path | quote }}}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.nodeLabels }}
{{- $parts = append $parts (printf "%s=%s" $name $value) }}
{{- end }}
{{- with $parts }}
- name: FLUME_LABEL
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}

{{/* ---- numbers ---- */}}

{{/* The drain, the writing of what is not on disk yet (5 s), the goodbye to etcd (1.5 s), and the
     flush of channels (3 s). */}}
{{- define "flume.gracePeriod" -}}
{{- if kindIs "invalid" .Values.terminationGracePeriodSeconds }}
{{- add .Values.drainSeconds 15 }}
{{- else }}
{{- .Values.terminationGracePeriodSeconds }}
{{- end }}
{{- end }}
