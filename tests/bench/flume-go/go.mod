module flume-go

go 1.24

require (
	github.com/zoobzio/flume v1.0.0
	github.com/zoobzio/pipz v1.0.4
	gopkg.in/yaml.v3 v3.0.1
)

require (
	github.com/google/uuid v1.6.0 // indirect
	github.com/zoobzio/capitan v1.0.0 // indirect
	github.com/zoobzio/clockz v1.0.0 // indirect
)
