"""Scenes of what stores objects: create, apply (by the client and by the server), dry runs, diff."""

from tests.support.kubectl_matrix.manifests import CONFIG, GATEWAY, POOL, ROUTE, SERVER, several
from tests.support.kubectl_matrix.step import WHOLE, Scene, Step, holding

UNKNOWN = SERVER.replace("port: 9001", "port: 9001, prot: 9002")
BAD = SERVER.replace("port: 9001", "port: 0")
UNNAMED = "on loopback a write must name its media type, which `--raw` does not"
WORDED = "Kubernetes answers 422 and repeats the whole object"
LESS = CONFIG.replace(", size: small", "")

CREATE = Scene(
    "create",
    (
        Step("create namespace kx-made", "namespace/kx-made created\n"),
        Step(
            "create namespace kx-made",
            err='Error from server (AlreadyExists): namespaces "kx-made" already exists\n',
            code=1,
        ),
        Step("get namespace kx-made --no-headers", "kx-made  Active  AGE\n"),
        Step("delete namespace kx-made", 'namespace "kx-made" deleted\n', err=WHOLE),
        Step("get namespace kx-made", err='Error from server (NotFound): namespaces "kx-made" not found\n', code=1),
        Step("create configmap c --from-literal=a=1 --from-literal=b=two", "configmap/c created\n"),
        Step("create configmap c", err='error: failed to create configmap: configmaps "c" already exists\n', code=1),
        Step("get configmap c -o yaml", holding('a: "1"', "b: two", "kind: ConfigMap")),
        Step("create configmap files --from-file=one.txt", "configmap/files created\n"),
        Step("get configmap files -o jsonpath={.data}", '{"one.txt":"first\\nsecond\\n"}'),
        Step("create secret generic s --from-literal=password=hunter2", "secret/s created\n"),
        Step("get secret s -o yaml", holding("password: aHVudGVyMg==", "kind: Secret", "type: Opaque")),
        Step(
            "create secret docker-registry d --docker-server=r.example --docker-username=u --docker-password=p",
            "secret/d created\n",
        ),
        Step("get secret d --no-headers", "d  kubernetes.io/dockerconfigjson  1  AGE\n"),
        Step("create -f -", "inferencepool.inference.networking.k8s.io/llm created\n", stdin=POOL),
        Step(
            "create -f -",
            err=holding(
                "Error from server (AlreadyExists): ", 'inferencepools.inference.networking.k8s.io "llm" already'
            ),
            code=1,
            stdin=POOL,
        ),
        Step(
            "create -f - -o name",
            "modelserver.turnout.dev/made-SUFFIX\n",
            stdin=SERVER.replace("name: llm-0", "generateName: made-"),
        ),
        Step(
            "create -f - --save-config -o jsonpath={.metadata.annotations}",
            holding("kubectl.kubernetes.io/last-applied-configuration"),
            stdin=SERVER,
        ),
        Step(
            "create --raw /api/v1/namespaces/@NS/configmaps -f cm.json",
            err=holding("Error from server (UnsupportedMediaType): "),
            code=1,
            differs=UNNAMED,
        ),
        Step("create configmap x --from-literal=a=b --dry-run=client -o yaml", holding("a: b", "name: x")),
        Step("create -f - --dry-run=server", "configmap/settings created (server dry run)\n", stdin=CONFIG),
        Step("get configmap settings", err=holding('configmaps "settings" not found'), code=1),
        Step("create configmap x --namespace kx-nowhere", err=holding('namespaces "kx-nowhere" not found'), code=1),
        Step("create -f - --validate=strict", err=holding('unknown field "spec.prot"'), code=1, stdin=UNKNOWN),
        Step("create -f -", err=holding("spec.port: Invalid value: 0"), code=1, stdin=BAD),
        Step("create -f -", err=holding("metadata.name"), code=1, stdin=CONFIG.replace("settings", "Not_A_Name")),
        Step(
            "create -f -",
            err='The ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required\n',
            code=1,
            stdin=CONFIG.replace("name: settings, ", ""),
        ),
    ),
    files=(
        ("one.txt", "first\nsecond\n"),
        ("cm.json", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"raw"},"data":{"a":"b"}}'),
    ),
)

APPLY = Scene(
    "apply",
    (
        Step("apply -f -", "configmap/settings created\n", stdin=CONFIG),
        Step("apply -f -", "configmap/settings unchanged\n", stdin=CONFIG),
        Step("apply -f -", "configmap/settings configured\n", stdin=CONFIG.replace("red", "blue")),
        Step("apply -f -", "configmap/settings configured\n", stdin=LESS),
        Step("get configmap settings -o jsonpath={.data}", '{"color":"red"}'),
        Step(
            "apply -f -", holding("gate created", "route created", "llm created"), stdin=several(GATEWAY, ROUTE, POOL)
        ),
        Step(
            "apply -f -",
            holding("gate configured", "route configured", "llm unchanged"),
            stdin=several(GATEWAY, ROUTE, POOL),
        ),
        Step(
            "get gateway,httproute,inferencepool -o yaml",
            holding("kind: Gateway", "kind: HTTPRoute", "kind: InferencePool"),
        ),
        Step(
            "apply -f -",
            "httproute.gateway.networking.k8s.io/route configured\n",
            stdin=ROUTE.replace("weight: 90", "weight: 50"),
        ),
        Step(
            "get httproute route -o jsonpath={.spec.rules[0].backendRefs[*].weight}/{.metadata.generation}", "50 10/2"
        ),
        Step("apply -f folder -R", holding("configmap/deep created", "modelserver.turnout.dev/llm-0 created")),
        Step("apply -k kustomized", "configmap/deep configured\n"),
        Step("apply -f - -o name", "configmap/settings\n", stdin=CONFIG),
        Step("apply view-last-applied configmap settings", holding("color: red", "size: small")),
        Step("apply edit-last-applied configmap settings", "configmap/settings edited\n", edit="s/small/large/"),
        Step("apply set-last-applied -f cm.yaml", "configmap/settings configured\n"),
        Step("apply view-last-applied configmap settings -o json", holding('"color": "green"')),
        Step("apply -f -", err=holding("spec.port: Invalid value: 0"), code=1, stdin=BAD),
        Step(
            "apply -f -",
            err=holding('strict decoding error: unknown field "spec.prot"'),
            code=1,
            stdin=UNKNOWN,
            differs=WORDED,
        ),
        Step(
            "apply --validate=warn -f -",
            holding("llm-0 configured"),
            err=holding('Warning: unknown field "spec.prot"'),
            stdin=UNKNOWN,
        ),
        Step("apply --validate=false -f -", holding("llm-0 "), stdin=UNKNOWN),
        Step(
            "apply --validate=strict -f -",
            err=holding('unknown field "nonsense"'),
            code=1,
            stdin=CONFIG + "nonsense: 1\n",
            differs=WORDED,
        ),
        Step("create configmap plain --from-literal=a=b", "configmap/plain created\n"),
        Step(
            "apply -f -",
            "configmap/plain configured\n",
            err=holding(
                "Warning: resource configmaps/plain is missing the kubectl.kubernetes.io/last-applied-configuration"
            ),
            stdin=CONFIG.replace("settings", "plain"),
        ),
        Step("get configmap plain -o jsonpath={.data}", '{"a":"b","color":"red","size":"small"}'),
        Step(
            "apply -f -",
            err=holding("cannot use generate name with apply"),
            code=1,
            stdin=CONFIG.replace("name: settings", "generateName: made-"),
        ),
        Step(
            "apply -f - --namespace kx-nowhere", err=holding('namespaces "kx-nowhere" not found'), code=1, stdin=CONFIG
        ),
        Step(
            "apply -f - --prune -l app=matrix --prune-allowlist=core/v1/ConfigMap",
            holding("configmap/other created", "configmap/settings pruned"),
            stdin=CONFIG.replace("settings", "other"),
        ),
        Step(
            "apply -f -",
            err=holding('no matches for kind "Cabbage" in version "v1"'),
            code=1,
            stdin="apiVersion: v1\nkind: Cabbage\nmetadata: {name: c}\n",
        ),
        Step(
            "apply -f - --dry-run=server",
            "configmap/dry created (server dry run)\n",
            stdin=CONFIG.replace("settings", "dry"),
        ),
        Step(
            "apply -f - --dry-run=client", "configmap/dry created (dry run)\n", stdin=CONFIG.replace("settings", "dry")
        ),
        Step("get configmap dry", err=holding("NotFound"), code=1),
    ),
    files=(
        ("cm.yaml", CONFIG.replace("red", "green")),
        ("folder/server.yaml", SERVER),
        ("folder/deep/cm.yaml", CONFIG.replace("settings", "deep")),
        ("kustomized/kustomization.yaml", "resources: [cm.yaml]\nlabels: [{pairs: {by: kustomize}}]\n"),
        ("kustomized/cm.yaml", CONFIG.replace("settings", "deep")),
    ),
)
