{{/* What no schema can say of the values: how they fit together.  Each says what to set. */}}

{{- define "flume.refuse" -}}
{{- include "flume.refuseSource" . }}
{{- include "flume.refuseEtcd" . }}
{{- include "flume.refusePod" . }}
{{- include "flume.refuseMonitors" . }}
{{- end }}

{{- define "flume.refuseSource" -}}
{{- $v := .Values }}
{{- if not $v.image.repository }}
{{- fail "image.repository: set it to where the image is: build agent/Dockerfile, push it, and use --set image.repository=registry.example.org/flume" }}
{{- end }}
{{- if and $v.dir.existingConfigMap $v.dir.schemas }}
{{- fail "dir.existingConfigMap and dir.schemas: leave out one: schemas come from one ConfigMap" }}
{{- end }}
{{- $given := list }}
{{- if $v.etcd.endpoints }}{{ $given = append $given "etcd.endpoints" }}{{ end }}
{{- if or $v.dir.existingConfigMap $v.dir.schemas }}{{ $given = append $given "dir" }}{{ end }}
{{- if $v.url.endpoints }}{{ $given = append $given "url.endpoints" }}{{ end }}
{{- if not $given }}
{{- fail "etcd.endpoints: set where etcd is, like --set etcd.endpoints={https://etcd-0.etcd:2379}; without etcd set dir.existingConfigMap, dir.schemas or url.endpoints" }}
{{- end }}
{{- if gt (len $given) 1 }}
{{- fail (printf "%s: leave out one: schemas come from one place" (join " and " $given)) }}
{{- end }}
{{- range $name, $_ := $v.dir.schemas }}
{{- if not (regexMatch "^[a-z0-9][a-z0-9._-]*\\.(yaml|yml|json)$" $name) }}
{{- fail (printf "dir.schemas: '%s': call it NAME.yaml, NAME.yml or NAME.json" $name) }}
{{- end }}
{{- end }}
{{- if and $v.url.existingSecret (not $v.url.tokenKey) (not $v.url.caKey) }}
{{- fail "url.existingSecret: say what is in it: set url.tokenKey, url.caKey or both" }}
{{- end }}
{{- if and (or $v.url.tokenKey $v.url.caKey) (not $v.url.existingSecret) }}
{{- fail "url.tokenKey and url.caKey: set url.existingSecret, the Secret that holds them" }}
{{- end }}
{{- if and (index $v.config "write-through") (not $v.etcd.endpoints) }}
{{- fail "config.write-through: it needs etcd: set etcd.endpoints" }}
{{- end }}
{{- end }}

{{- define "flume.refuseEtcd" -}}
{{- with .Values.etcd }}
{{- $auth := .auth }}{{ $tls := .tls }}
{{- if and $auth.username (not $auth.existingSecret) }}
{{- fail "etcd.auth.username: set etcd.auth.existingSecret too, the Secret that holds the password" }}
{{- end }}
{{- range .endpoints }}
{{- if and $tls.existingSecret (hasPrefix "http://" .) }}
{{- fail (printf "etcd.endpoints: '%s' is not encrypted, and etcd.tls.existingSecret is set: begin it with https://, or leave out the Secret" .) }}
{{- end }}
{{- end }}
{{- if ne (empty $tls.certKey) (empty $tls.keyKey) }}
{{- fail "etcd.tls.certKey and etcd.tls.keyKey: set both, or neither" }}
{{- end }}
{{- if and $tls.existingSecret (not $tls.caKey) (not $tls.certKey) }}
{{- fail "etcd.tls.existingSecret: say what is in it: set etcd.tls.caKey, or certKey and keyKey" }}
{{- end }}
{{- if and $tls.certKey (not $tls.existingSecret) }}
{{- fail "etcd.tls.certKey: set etcd.tls.existingSecret, the Secret that holds it" }}
{{- end }}
{{- if and (not .endpoints) (or $auth.existingSecret $tls.existingSecret) }}
{{- fail "etcd.auth and etcd.tls: set etcd.endpoints too" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "flume.refusePod" -}}
{{- $v := .Values }}
{{- $least := add $v.drainSeconds 10 }}
{{- if lt (int64 (include "flume.gracePeriod" .)) (int64 $least) }}
{{- fail (printf "terminationGracePeriodSeconds: set at least %d: drainSeconds and 10 for what comes after; or leave it out" $least) }}
{{- end }}
{{- if and $v.state.hostPath (eq $v.state.hostPath $v.socket.hostPath) }}
{{- fail "state.hostPath and socket.hostPath: set two folders: applications mount the one, and must not see the other" }}
{{- end }}
{{- range $name, $_ := $v.nodeLabels }}
{{- if hasKey $v.nodeLabelsFrom $name }}
{{- if index $v.nodeLabelsFrom $name }}
{{- fail (printf "nodeLabels.%s: nodeLabelsFrom.%s is there too: set that to null, or use another name" $name $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "flume.refuseMonitors" -}}
{{- $v := .Values }}
{{- if and $v.podMonitor.enabled $v.serviceMonitor.enabled }}
{{- fail "podMonitor.enabled and serviceMonitor.enabled: leave one off: with both each pod is scraped twice" }}
{{- end }}
{{- if and $v.serviceMonitor.enabled (not $v.service.enabled) }}
{{- fail "serviceMonitor.enabled: it needs service.enabled; or use podMonitor.enabled" }}
{{- end }}
{{- end }}
