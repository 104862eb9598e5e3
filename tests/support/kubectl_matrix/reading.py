"""Scenes of what reads objects: get in every form, describe, explain, events, watches."""

from tests.support.kubectl_matrix.manifests import (
    CLASS,
    CONFIG,
    EVENT,
    GATEWAY,
    GRANT,
    POOL,
    ROUTE,
    SERVER,
    STATUSES,
    several,
)
from tests.support.kubectl_matrix.step import ANYTHING, WHOLE, Scene, Step, holding

CONTROLLED = "a controller of Turnout writes the status"
OTHERS = "a cluster holds objects and kinds of its own"
PARSER = "the parser says in other words what it cannot read"
WORDS = "the descriptions are Turnout's"

# kubectl describes the data of a ConfigMap in no order.
ONE = CONFIG.replace(", size: small", "")
EVERYTHING = several(
    CONFIG,
    SERVER,
    SERVER.replace("llm-0", "llm-1").replace("app: llm", "app: other"),
    POOL,
    GATEWAY,
    ROUTE,
    GRANT,
    CLASS,
    EVENT,
    STATUSES,
).replace("tier: gold", "tier: gold, scene: get")
SECOND = SERVER.replace("llm-0", "llm-2").replace("9001", "9000")

GET = Scene(
    "get",
    (
        Step(
            "apply -f -",
            holding("configmap/settings created", "inferencerollout.turnout.dev/rollout created"),
            stdin=EVERYTHING,
        ),
        Step("create secret generic key --from-literal=password=hunter2", "secret/key created\n"),
        # a table for every kind
        Step("get namespaces @NS", "NAME  STATUS  AGE\nkx-get  Active  AGE\n"),
        Step(
            "get events --field-selector involvedObject.name=gate",
            "LAST SEEN  TYPE  REASON  OBJECT  MESSAGE\nAGE  Normal  Noticed  gateway/gate  somebody looked\n",
        ),
        Step(
            "get events -o wide --field-selector involvedObject.name=gate",
            holding("SUBOBJECT  SOURCE  MESSAGE  FIRST SEEN  COUNT  NAME", "matrix  somebody looked  AGE  1  noticed"),
        ),
        Step("get secrets", "NAME  TYPE  DATA  AGE\nkey  Opaque  1  AGE\n"),
        Step("get configmaps settings", "NAME  DATA  AGE\nsettings  2  AGE\n"),
        Step("get gatewayclasses kx-class", "NAME  CONTROLLER  ACCEPTED  AGE\nkx-class  others.dev/gateway  AGE\n"),
        Step("get gc kx-class -o wide", holding("ACCEPTED  AGE  DESCRIPTION", "of others")),
        Step("get gateways", "NAME  CLASS  ADDRESS  PROGRAMMED  AGE\ngate  of-others  AGE\n"),
        Step("get httproutes", 'NAME  HOSTNAMES  AGE\nroute  ["a.example","b.example"]  AGE\n'),
        Step(
            "get httproutes.v1beta1.gateway.networking.k8s.io",
            'NAME  HOSTNAMES  AGE\nroute  ["a.example","b.example"]  AGE\n',
        ),
        Step(
            "get httproutes.v1beta1.gateway.networking.k8s.io route -o yaml",
            holding("apiVersion: gateway.networking.k8s.io/v1beta1"),
        ),
        Step("get referencegrants", "NAME  AGE\ngrant  AGE\n"),
        Step("get infpool", "NAME  AGE\nllm  AGE\n"),
        Step(
            "get inferenceobjectives.v1alpha2.inference.networking.x-k8s.io",
            "NAME  INFERENCE POOL  PRIORITY  AGE\nurgent  llm  10  AGE\n",
        ),
        Step("get inferencemodels", holding("NAME  ", "\nchat  ")),
        Step(
            "get inferencemodelrewrites.v1alpha2.inference.networking.x-k8s.io",
            holding("NAME  INFERENCE POOL  AGE\nchat  llm  AGE\n"),
        ),
        Step("get modelservers llm-0", "NAME  ADDRESS  PORT  ENGINE  AGE\nllm-0  127.0.0.1  9001  vllm  AGE\n"),
        Step("get modelservers -o wide", holding("NAME  ADDRESS  PORT  ENGINE", "llm-0  127.0.0.1  9001")),
        Step("get gatewayparameters", holding("NAME  ", "\nsmall  ")),
        Step("get inferencepoolpolicies", holding("NAME  ", "\npolicy  ")),
        Step("get loraadapters", holding("NAME  ", "\nadapter  ")),
        Step("get inferencerollouts", holding("NAME  PHASE  STEP  WEIGHT  ", "\nrollout  "), differs=CONTROLLED),
        # selection
        Step("get modelservers -l app=llm -o name", "modelserver.turnout.dev/llm-0\n"),
        Step("get modelservers -l app!=llm -o name", "modelserver.turnout.dev/llm-1\n"),
        Step(
            "get modelservers -l 'app in (llm,other),!missing' -o name",
            "modelserver.turnout.dev/llm-0\nmodelserver.turnout.dev/llm-1\n",
        ),
        Step("get modelservers -l 'app notin (llm)' -o name", "modelserver.turnout.dev/llm-1\n"),
        Step("get modelservers -l app=none", err="No resources found in kx-get namespace.\n"),
        Step("get modelservers -l 'app in ('", err=holding("unable to parse requirement: "), code=1, differs=PARSER),
        Step(
            "get modelservers --field-selector metadata.name=llm-1 --no-headers", "llm-1  127.0.0.1  9001  vllm  AGE\n"
        ),
        Step(
            "get modelservers --field-selector metadata.name!=llm-1,metadata.namespace=@NS -o name",
            "modelserver.turnout.dev/llm-0\n",
        ),
        Step(
            "get modelservers --field-selector spec.port=9001",
            err=holding("Error from server (BadRequest): ", "field label not supported: spec.port"),
            code=1,
        ),
        Step("get secrets --field-selector type=Opaque -o name", "secret/key\n"),
        Step("get secrets --field-selector type=kubernetes.io/tls -o name", ""),
        Step(
            "get events --field-selector involvedObject.name=gate,reason=Noticed,type!=Warning -o name",
            "event/noticed\n",
        ),
        Step("get namespaces --field-selector status.phase=Active,metadata.name=@NS -o name", "namespace/kx-get\n"),
        Step(
            "get infpool,gateway,httproute -A -l scene=get",
            holding("NAMESPACE  NAME", "kx-get  inferencepool.inference.networking.k8s.io/llm"),
        ),
        Step("get infpool -A -l scene=get --no-headers -o wide", "kx-get  llm  AGE\n"),
        # forms
        Step("get modelservers --show-labels", holding("AGE  LABELS\n", "AGE  app=llm\n", "AGE  app=other\n")),
        Step("get modelservers -L app", holding("AGE  APP\n", "AGE  llm\n", "AGE  other\n")),
        Step("get modelservers --show-kind --no-headers", holding("modelserver.turnout.dev/llm-0  127.0.0.1")),
        Step(
            "get modelservers,infpool --no-headers",
            holding("modelserver.turnout.dev/llm-0", "inferencepool.inference.networking.k8s.io/llm"),
        ),
        Step(
            "get modelserver/llm-0 gateway/gate -o name",
            "modelserver.turnout.dev/llm-0\ngateway.gateway.networking.k8s.io/gate\n",
        ),
        Step("apply -f -", "modelserver.turnout.dev/llm-2 created\n", stdin=SECOND),
        Step("get modelservers --sort-by=.spec.port -o name", holding("llm-2\n", "llm-0\n")),
        Step("get modelservers --sort-by={.metadata.name} --no-headers", holding("llm-0", "llm-1", "llm-2")),
        Step("get modelservers --chunk-size=1 -o name", holding("llm-0", "llm-1", "llm-2")),
        Step("get modelservers --chunk-size=2 --no-headers", holding("llm-0", "llm-1", "llm-2")),
        Step("get modelservers -o jsonpath={.items[*].spec.port}", "9001 9001 9000"),
        Step(
            'get modelservers -o jsonpath=\'{range .items[*]}{.metadata.name}{"\\t"}{.spec.engine}{"\\n"}{end}\'',
            "llm-0\tvllm\nllm-1\tvllm\nllm-2\tvllm\n",
        ),
        Step(
            "get modelservers -o custom-columns=WHO:.metadata.name,PORT:.spec.port,NONE:.spec.none",
            "WHO  PORT  NONE\nllm-0  9001  <none>\nllm-1  9001  <none>\nllm-2  9000  <none>\n",
        ),
        Step("get modelservers -o go-template='{{range .items}}{{.metadata.name}} {{end}}'", "llm-0 llm-1 llm-2"),
        Step(
            "get modelserver llm-0 -o yaml", holding("apiVersion: turnout.dev/v1alpha1", "engine: vllm", "port: 9001")
        ),
        Step("get modelserver llm-0 -o json", holding('"kind": "ModelServer"', '"port": 9001')),
        Step(
            "get modelserver llm-0 -o yaml --show-managed-fields",
            holding("managedFields:", "manager: kubectl-client-side-apply", "operation: Update"),
        ),
        Step(
            "get configmap settings -o yaml --show-managed-fields",
            holding("f:data:", "f:color: {}", "manager: kubectl-client-side-apply"),
        ),
        Step(
            "get gateway,httproute,infpool,referencegrant -o yaml",
            holding("kind: Gateway", "kind: ReferenceGrant", "kind: List"),
        ),
        Step("get gateway gate --subresource=status", holding("gate  of-others")),
        Step("get modelserver llm-0 -o jsonpath={.spec.nothing}", ""),
        Step(
            "get gateway-api -o name",
            holding("gateway.gateway.networking.k8s.io/gate", "referencegrant.gateway.networking.k8s.io/grant"),
            differs="a GatewayClass of Turnout's own is there",
        ),
        Step("get all", ANYTHING, differs="inferencerollouts are in the category `all`, with a status by a controller"),
        # nothing there
        Step(
            "get modelserver none",
            err='Error from server (NotFound): modelservers.turnout.dev "none" not found\n',
            code=1,
        ),
        Step("get modelserver none --ignore-not-found", ""),
        Step(
            "get modelserver llm-0 none -o name",
            "modelserver.turnout.dev/llm-0\n",
            err=holding('"none" not found'),
            code=1,
        ),
        Step("get modelservers --namespace kx-nowhere", err="No resources found in kx-nowhere namespace.\n"),
        Step("get cabbages", err='error: the server doesn\'t have a resource type "cabbages"\n', code=1),
        Step("get --raw /apis/turnout.dev/v1alpha1/namespaces/@NS/modelservers/llm-0", holding('"kind":"ModelServer"')),
        Step(
            "get --raw /apis/turnout.dev/v1alpha1/namespaces/@NS/cabbages",
            err="Error from server (NotFound): the server could not find the requested resource\n",
            code=1,
        ),
        Step(
            "get --raw /nowhere",
            err=holding("Error from server (NotFound): the server could not find the requested resource"),
            code=1,
        ),
        Step(
            "get -f all.yaml -o name",
            "gateway.gateway.networking.k8s.io/gate\nhttproute.gateway.networking.k8s.io/route\n",
        ),
        Step("delete gatewayclass kx-class", 'gatewayclass.gateway.networking.k8s.io "kx-class" deleted\n', err=WHOLE),
    ),
    files=(("all.yaml", several(GATEWAY, ROUTE)),),
)

WATCH = Scene(
    "watch",
    (
        Step("apply -f -", "modelserver.turnout.dev/llm-0 created\n", stdin=SERVER),
        Step(
            "get modelservers -w",
            "NAME  ADDRESS  PORT  ENGINE  AGE\nllm-0  127.0.0.1  9001  vllm  AGE\nllm-0  127.0.0.1  9002  vllm  AGE\n",
            meanwhile=('patch modelserver llm-0 --type=merge -p \'{"spec":{"port":9002}}\'',),
            lines=3,
        ),
        Step(
            "get modelservers -w --output-watch-events --no-headers",
            "ADDED  llm-0  127.0.0.1  9002  vllm  AGE\nMODIFIED  llm-0  127.0.0.1  9002  vllm  AGE\n"
            "DELETED  llm-0  127.0.0.1  9002  vllm  AGE\n",
            meanwhile=("label modelserver llm-0 touched=yes", "delete modelserver llm-0"),
            lines=3,
        ),
        Step(
            "get configmap -w -l app=matrix -o name",
            "configmap/settings\nconfigmap/settings\n",
            once="create -f settings.yaml -o name",
            meanwhile=("annotate configmap settings note=here",),
            lines=2,
        ),
        Step(
            "get configmaps -w -l app=matrix -o jsonpath='{.data.color}{\"\\n\"}'",
            "red\nblue\n",
            meanwhile=('patch configmap settings -p \'{"data":{"color":"blue"}}\'',),
            lines=2,
        ),
        Step("get configmap settings --watch-only -o name --request-timeout=2s", ""),
    ),
    files=(("settings.yaml", CONFIG),),
)

DESCRIBE = Scene(
    "describe",
    (
        Step("apply -f -", holding("created"), stdin=several(ONE, SERVER, POOL, GATEWAY, ROUTE, GRANT, EVENT)),
        Step("create secret generic key --from-literal=password=hunter2", "secret/key created\n"),
        Step(
            "describe modelserver llm-0",
            holding(
                "Name:  llm-0",
                "Namespace:  kx-describe",
                "Labels:  app=llm",
                "API Version:  turnout.dev/v1alpha1",
                "Port:  9001",
                "Events:  <none>",
            ),
        ),
        Step("describe infpool", holding("Kind:  InferencePool", "Number:  8000")),
        Step("describe gateway gate", holding("Gateway Class Name:  of-others", "Events:  <none>")),
        Step("get gateway gate -o jsonpath={.metadata.uid}", "UID", keep="@GATE"),
        Step(
            "create -f -",
            "event/seen created\n",
            stdin=EVENT.replace("noticed", "seen").replace("name: gate,", "name: gate, uid: '@GATE',"),
        ),
        Step("describe gateway gate", holding("Events:", "Normal  Noticed  ", "matrix  somebody looked")),
        Step("describe httproute route", holding("Weight:  90", "Weight:  10")),
        Step("describe referencegrant", holding("Kind:  ReferenceGrant")),
        Step("describe configmap settings", holding("Data\n====\ncolor:\n----\nred")),
        Step("describe secret key", holding("Type:  Opaque", "password:  7 bytes"), lacks=("hunter2", "aHVudGVyMg==")),
        Step(
            "describe event noticed",
            holding("Reason:  Noticed"),
            differs="Kubernetes keeps three fields of Events that are empty",
        ),
        Step(
            "describe namespace @NS",
            holding("Name:  kx-describe", "Status:  Active"),
            differs="quotas are kinds of a cluster",
        ),
        Step("describe modelserver -l app=llm", holding("Name:  llm-0")),
        Step("describe modelserver ll", holding("Name:  llm-0")),
        Step("describe modelserver none", err=holding('modelservers.turnout.dev "none" not found'), code=1),
        Step("describe -f gate.yaml --show-events=false", holding("Name:  gate"), lacks=("somebody looked",)),
    ),
    files=(("gate.yaml", GATEWAY),),
)

EVENTS = Scene(
    "events",
    (
        Step("events", err="No events found in kx-events namespace.\n"),
        Step(
            "apply -f -",
            holding("event/noticed created", "event/warned created"),
            stdin=several(EVENT, EVENT.replace("noticed", "warned").replace("Normal", "Warning")),
        ),
        Step("events", holding("LAST SEEN  TYPE  REASON  OBJECT  MESSAGE", "Noticed  Gateway/gate  somebody looked")),
        Step("events --for gateway/gate --types=Warning --no-headers", holding("Warning  Noticed  Gateway/gate")),
        Step("events --for gateway/none", err="No events found in kx-events namespace.\n"),
        Step(
            "events --all-namespaces --for gateway/gate --types=Normal",
            holding("NAMESPACE  LAST SEEN", "kx-events  AGE  Normal  Noticed  Gateway/gate"),
            differs=OTHERS,
        ),
        Step(
            "get events --sort-by=.lastTimestamp --no-headers",
            holding("Normal  Noticed  gateway/gate", "Warning  Noticed"),
        ),
        Step(
            "events --watch --no-headers", holding("Noticed"), meanwhile=("annotate event warned note=here",), lines=3
        ),
        Step("delete events --all", holding('event "noticed" deleted', 'event "warned" deleted')),
    ),
)

EXPLAIN = Scene(
    "explain",
    (
        Step(
            "explain modelserver",
            holding("GROUP:  turnout.dev", "KIND:  ModelServer", "VERSION:  v1alpha1", "FIELDS:", "spec\t<"),
            differs="the fields that every object has are described in Turnout's words",
        ),
        Step("explain modelserver.spec", holding("FIELD: spec", "address\t<string> -required-", "port\t<integer>")),
        Step("explain modelserver.spec.engine", holding("FIELD: engine <string>", "ENUM:", "vllm")),
        Step("explain httproute.spec.rules.backendRefs --recursive", holding("weight\t<integer>")),
        Step(
            "explain inferencepool.spec --recursive",
            holding("targetPorts\t<[]Object> -required-", "number\t<integer> -required-"),
        ),
        Step(
            "explain gateways.spec.listeners.tls --recursive --api-version=gateway.networking.k8s.io/v1beta1",
            holding("VERSION:  v1beta1"),
        ),
        Step(
            "explain configmap", holding("KIND:  ConfigMap", "VERSION:  v1", "data\t<map[string]string>"), differs=WORDS
        ),
        Step("explain secret.type", holding("FIELD: type <string>"), differs=WORDS),
        Step("explain namespace --recursive", holding("phase\t<string>"), differs=WORDS),
        Step("explain modelserver.metadata.labels", holding("FIELD: labels <map[string]string>"), differs=WORDS),
        Step("explain modelserver.spec.nonsense", err=holding('error: field "nonsense" does not exist'), code=1),
        Step("explain cabbage", err=holding('the server doesn\'t have a resource type "cabbage"'), code=1),
    ),
    kept=False,
)
