"""Scenes of server-side apply, of dry runs and of diffs."""

from tests.support.kubectl_matrix.manifests import CONFIG, GATEWAY, ROUTE, SERVER, several
from tests.support.kubectl_matrix.step import Scene, Step, holding

SSA = "apply --server-side -f -"
BLUE = CONFIG.replace("red", "blue")
TIMELESS = "Kubernetes notes no time for an applier that changes no value, and lists it first"
MANAGERS = (
    "get configmap settings --show-managed-fields -o "
    "jsonpath='{range .metadata.managedFields[*]}{.manager} {.operation} {.fieldsV1}{\"\\n\"}{end}'"
)
LISTENERS = GATEWAY + "  - {name: more, port: 81, protocol: HTTP}\n"

SERVER_SIDE = Scene(
    "server-side",
    (
        Step(SSA, "configmap/settings serverside-applied\n", stdin=CONFIG),
        Step(SSA, "configmap/settings serverside-applied\n", stdin=CONFIG),
        Step(
            "get configmap settings -o yaml --show-managed-fields",
            holding("f:color: {}", "manager: kubectl\n", "operation: Apply"),
        ),
        Step(MANAGERS, 'kubectl Apply {"f:data":{"f:color":{},"f:size":{}},"f:metadata":{"f:labels":{"f:app":{}}}}\n'),
        Step(
            SSA + " --field-manager=other",
            err=holding(
                'error: Apply failed with 1 conflict: conflict with "kubectl": .data.color\n', "--force-conflicts"
            ),
            code=1,
            stdin=BLUE,
        ),
        Step(SSA + " --field-manager=other", "configmap/settings serverside-applied\n", stdin=CONFIG),
        Step(MANAGERS, holding("other Apply "), differs=TIMELESS),
        Step(SSA + " --field-manager=other --force-conflicts", "configmap/settings serverside-applied\n", stdin=BLUE),
        Step("get configmap settings -o jsonpath={.data}", '{"color":"blue","size":"small"}'),
        Step(SSA, err=holding('conflict with "other": .data.color'), code=1, stdin=CONFIG),
        Step(
            SSA + " --field-manager=other",
            "configmap/settings serverside-applied\n",
            stdin=BLUE.replace(", size: small", ""),
        ),
        Step("get configmap settings -o jsonpath={.data}", '{"color":"blue","size":"small"}'),
        Step(SSA, "configmap/settings serverside-applied\n", stdin=CONFIG.replace("color: red, size: small", "")),
        Step("get configmap settings -o jsonpath={.data}", '{"color":"blue"}'),
        Step('patch configmap settings -p \'{"data":{"theirs":"3"}}\'', "configmap/settings patched\n"),
        Step(MANAGERS, holding('kubectl-patch Update {"f:data":{"f:theirs":{}}}'), differs=TIMELESS),
        Step(
            SSA,
            err=holding(
                'Apply failed with 2 conflicts: conflicts with "kubectl-patch" using v1:\n- .data.theirs\n',
                'conflicts with "other":\n- .data.color\n',
            ),
            code=1,
            stdin=CONFIG.replace("size: small", "theirs: '4'"),
        ),
        # kinds of definitions
        Step(
            SSA,
            holding("gate serverside-applied", "route serverside-applied", "llm-0 serverside-applied"),
            stdin=several(GATEWAY, ROUTE, SERVER),
        ),
        Step(
            "get gateway,httproute,modelserver -o yaml --show-managed-fields",
            holding("f:listeners:", "f:parentRefs: {}", "f:address: {}"),
        ),
        Step(
            SSA + " --field-manager=other",
            err=holding('conflict with "kubectl": .spec.port'),
            code=1,
            stdin=SERVER.replace("9001", "9002"),
        ),
        Step(
            SSA + " --field-manager=other --force-conflicts",
            "modelserver.turnout.dev/llm-0 serverside-applied\n",
            stdin=SERVER.replace("9001", "9002"),
        ),
        Step("get modelserver llm-0 -o jsonpath={.spec.port}/{.metadata.generation}", "9002/2"),
        Step(
            "apply --server-side -f - --field-manager=lists",
            "gateway.gateway.networking.k8s.io/gate serverside-applied\n",
            stdin=LISTENERS.replace("{name: http, port: 80, protocol: HTTP}", "")
            .replace("listeners: []", "listeners:")
            .replace("  - {name: more", "  - {name: more"),
        ),
        Step("get gateway gate -o jsonpath={.spec.listeners[*].name}", "http more"),
        Step(
            SSA,
            err=holding(".spec.spam: field not declared in schema"),
            code=1,
            stdin=SERVER.replace("port: 9001", "port: 9001, spam: 1"),
            differs="Kubernetes answers 500, Turnout 400",
        ),
        Step(
            SSA,
            err=holding("spec.port: Invalid value: 0"),
            code=1,
            stdin=SERVER.replace("llm-0", "llm-1").replace("9001", "0"),
        ),
        Step(
            SSA,
            err=holding("metadata.managedFields must be nil"),
            code=1,
            stdin=CONFIG.replace("name: settings", "name: settings, managedFields: [{manager: x}]"),
        ),
        # from the client's side to the server's and back
        Step("apply -f -", "configmap/moved created\n", stdin=CONFIG.replace("settings", "moved")),
        Step(SSA, "configmap/moved serverside-applied\n", stdin=BLUE.replace("settings", "moved")),
        Step(
            "get configmap moved -o yaml --show-managed-fields",
            holding("manager: kubectl\n"),
            lacks=("kubectl-client-side-apply",),
            differs=TIMELESS,
        ),
        Step("apply -f -", "configmap/moved configured\n", stdin=CONFIG.replace("settings", "moved")),
        Step(
            SSA + " --dry-run=server",
            "configmap/never serverside-applied (server dry run)\n",
            stdin=CONFIG.replace("settings", "never"),
        ),
        Step("get configmap never", err=holding("NotFound"), code=1),
        Step(SSA + " --namespace kx-nowhere", err=holding('namespaces "kx-nowhere" not found'), code=1, stdin=CONFIG),
    ),
)

DRY_RUN = Scene(
    "dry-run",
    (
        Step("create -f - --dry-run=server -o yaml", holding("uid: UID", "engine: vllm"), stdin=SERVER),
        Step(
            "create -f - --dry-run=client -o yaml", holding("port: 9001"), lacks=("engine: vllm", "uid"), stdin=SERVER
        ),
        Step("apply -f - --dry-run=server -o jsonpath={.spec.engine}", "vllm", stdin=SERVER),
        Step(
            "apply -f - --dry-run=server",
            err=holding("spec.port: Invalid value: 0"),
            code=1,
            stdin=SERVER.replace("9001", "0"),
        ),
        Step("create namespace kx-dry --dry-run=server", "namespace/kx-dry created (server dry run)\n"),
        Step("get namespace kx-dry", err=holding("NotFound"), code=1),
        Step("get modelservers", err="No resources found in kx-dry-run namespace.\n"),
        Step("create -f -", "modelserver.turnout.dev/llm-0 created\n", stdin=SERVER),
        Step(
            "apply --server-side -f - --force-conflicts --dry-run=server -o jsonpath={.spec.port}",
            "9100",
            stdin=SERVER.replace("9001", "9100"),
        ),
        Step("replace -f - --dry-run=server -o jsonpath={.spec.port}", "9101", stdin=SERVER.replace("9001", "9101")),
        Step("delete modelserver llm-0 --dry-run=server", 'modelserver.turnout.dev "llm-0" deleted (server dry run)\n'),
        Step("create -f - --dry-run=server", err=holding("AlreadyExists"), code=1, stdin=SERVER),
        Step("get modelserver llm-0 -o jsonpath={.spec.port}/{.metadata.generation}", "9001/1"),
    ),
)

DIFF = Scene(
    "diff",
    (
        Step("diff -f -", holding("+kind: ConfigMap", "+  name: settings"), code=1, stdin=CONFIG),
        Step("get configmap settings", err=holding("NotFound"), code=1),
        Step("apply -f -", holding("created"), stdin=several(CONFIG, SERVER)),
        Step("diff -f -", "", stdin=several(CONFIG, SERVER)),
        Step("diff -f -", holding("-  color: red\n+  color: blue"), code=1, stdin=BLUE),
        Step(
            "diff -f -",
            holding("-  generation: 1\n+  generation: 2", "-  port: 9001\n+  port: 9002"),
            code=1,
            stdin=SERVER.replace("9001", "9002"),
        ),
        Step(
            "diff --server-side -f -",
            holding("-  port: 9001\n+  port: 9002"),
            code=1,
            stdin=SERVER.replace("9001", "9002"),
        ),
        Step(
            "diff --server-side --force-conflicts -f -",
            holding("-  port: 9001\n+  port: 9002"),
            code=1,
            stdin=SERVER.replace("9001", "9002"),
        ),
        Step("diff -f - --field-manager=me --show-managed-fields", holding("+  manager: me"), code=1, stdin=BLUE),
        Step("diff -f -", err=holding("spec.port: Invalid value: 0"), code=2, stdin=SERVER.replace("9001", "0")),
        Step("get configmap settings -o jsonpath={.data.color}", "red"),
    ),
)
