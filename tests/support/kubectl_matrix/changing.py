"""Scenes of what changes objects that are there: patch, edit, replace, label, annotate, scale."""

from tests.support.kubectl_matrix.applying import UNNAMED
from tests.support.kubectl_matrix.manifests import CONFIG, GATEWAY, POOL, ROUTE, SERVER, several
from tests.support.kubectl_matrix.step import Scene, Step, holding

READER = "the reader of JSON says in other words what it cannot read"
DETAIL = "Turnout says which operation failed, and why"
ALL = several(CONFIG, SERVER, POOL, GATEWAY, ROUTE)
MERGE = "patch modelserver llm-0 --type=merge -p "
JSON = "patch modelserver llm-0 --type=json -p "
READY = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'
PATCHED = "modelserver.turnout.dev/llm-0 patched\n"

PATCH = Scene(
    "patch",
    (
        Step("apply -f -", holding("created"), stdin=ALL),
        # merge
        Step(MERGE + '\'{"spec":{"port":9002}}\'', PATCHED),
        Step(MERGE + '\'{"spec":{"port":9002}}\'', "modelserver.turnout.dev/llm-0 patched (no change)\n"),
        Step("get modelserver llm-0 -o jsonpath={.spec.port}/{.metadata.generation}", "9002/2"),
        Step(MERGE + '\'{"metadata":{"labels":{"app":null,"new":"one"}}}\'', PATCHED),
        Step("get modelserver llm-0 -o jsonpath={.metadata.labels}/{.metadata.generation}", '{"new":"one"}/2'),
        Step(
            MERGE + '\'{"spec":{"port":0}}\'',
            err=holding('The ModelServer "llm-0" is invalid: spec.port: Invalid value: 0'),
            code=1,
        ),
        Step(
            MERGE + '\'{"spec":{"port":"many"}}\'',
            err=holding('The ModelServer "llm-0" is invalid: spec.port: Invalid value: "string"'),
            code=1,
        ),
        Step(
            MERGE + '\'{"spec":{"address":null}}\'',
            err=holding('The ModelServer "llm-0" is invalid: spec.address: Required value'),
            code=1,
        ),
        Step(
            MERGE + '\'{"metadata":{"name":"other"}}\'',
            err=holding("the name of the object (other) does not match the name on the URL (llm-0)"),
            code=1,
        ),
        Step(
            MERGE + '\'{"metadata":{"resourceVersion":"1"}}\'',
            err=holding("Error from server (Conflict): Operation cannot be fulfilled on"),
            code=1,
        ),
        Step(
            MERGE + '\'{"spec":{"prot":1}}\'',
            holding("llm-0 patched"),
            err=holding('Warning: unknown field "spec.prot"'),
        ),
        Step(
            MERGE + "'{'", err=holding("Error from server (BadRequest): error decoding patch: "), code=1, differs=READER
        ),
        Step(MERGE + '\'{"spec":{"port":9100}}\' --dry-run=server -o jsonpath={.spec.port}', "9100"),
        Step(MERGE + '\'{"spec":{"port":9100}}\' --dry-run=client', PATCHED),
        Step("get modelserver llm-0 -o jsonpath={.spec.port}", "9002"),
        # JSON patch
        Step(
            JSON
            + '\'[{"op":"test","path":"/spec/port","value":9002},{"op":"replace","path":"/spec/port","value":9003}]\'',
            PATCHED,
        ),
        Step(
            JSON + '\'[{"op":"test","path":"/spec/port","value":1}]\'',
            err=holding("The request is invalid: the server rejected our request due to an error in our request"),
            code=1,
            differs=DETAIL,
        ),
        Step(
            JSON + '\'[{"op":"remove","path":"/spec/none"}]\'',
            err=holding("The request is invalid"),
            code=1,
            differs=DETAIL,
        ),
        Step(
            JSON + '\'[{"op":"add","path":"/metadata/annotations/a~1b","value":"c"},'
            '{"op":"copy","from":"/metadata/annotations/a~1b","path":"/metadata/annotations/d"},'
            '{"op":"move","from":"/metadata/labels/new","path":"/metadata/labels/moved"}]\'',
            PATCHED,
        ),
        Step("get modelserver llm-0 -o jsonpath={.metadata.annotations.d}{.metadata.labels}", 'c{"moved":"one"}'),
        Step(
            "patch httproute route --type=json"
            ' -p \'[{"op":"replace","path":"/spec/rules/0/backendRefs/0/weight","value":50}]\'',
            "httproute.gateway.networking.k8s.io/route patched\n",
        ),
        Step(
            JSON + "'{}'", err=holding("Error from server (BadRequest): error decoding patch: "), code=1, differs=READER
        ),
        # strategic
        Step('patch configmap settings -p \'{"data":{"color":"blue"}}\'', "configmap/settings patched\n"),
        Step(
            'patch configmap settings -p \'{"data":{"$patch":"replace","only":"one"}}\'', "configmap/settings patched\n"
        ),
        Step("get configmap settings -o jsonpath={.data}", '{"only":"one"}'),
        Step(
            'patch configmap settings --type=strategic -p \'{"data":{"only":null,"x":"y"}}\' -o jsonpath={.data}',
            '{"x":"y"}',
        ),
        Step(
            'patch namespace @NS -p \'{"metadata":{"labels":{"team":"a"},"finalizers":["example.dev/x"]}}\'',
            "namespace/kx-patch patched\n",
        ),
        Step(
            'patch namespace @NS -p \'{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.dev/x"]}}\''
            " -o jsonpath={.metadata.finalizers}",
            "",
        ),
        Step(
            'patch modelserver llm-0 -p \'{"spec":{"port":1}}\'',
            err=holding(
                "error: application/strategic-merge-patch+json is not supported by "
                "turnout.dev/v1alpha1, Kind=ModelServer"
            ),
            code=1,
        ),
        Step(
            "patch httproute route --type=strategic -p '{\"spec\":{}}'",
            err=holding(
                "error: application/strategic-merge-patch+json is not supported by "
                "gateway.networking.k8s.io/v1, Kind=HTTPRoute"
            ),
            code=1,
        ),
        # the status
        Step(
            "patch infpool llm --subresource=status --type=merge -p '" + READY + "'",
            "inferencepool.inference.networking.k8s.io/llm patched\n",
        ),
        Step(
            'patch infpool llm --subresource=status --type=merge -p \'{"spec":{"targetPorts":[{"number":1}]}}\'',
            "inferencepool.inference.networking.k8s.io/llm patched (no change)\n",
        ),
        Step(
            "get infpool llm -o jsonpath={.spec.targetPorts}{.status.conditions[0].type}/{.metadata.generation}",
            '[{"number":8000}]Ready/1',
        ),
        Step(
            "patch infpool llm --type=merge -p '{\"status\":null}'",
            "inferencepool.inference.networking.k8s.io/llm patched (no change)\n",
        ),
        Step(
            "patch configmap settings --subresource=status --type=merge -p '{}'",
            err=holding("the server could not find the requested resource"),
            code=1,
        ),
        # others
        Step(
            "patch modelserver none --type=merge -p '{}'",
            err='Error from server (NotFound): modelservers.turnout.dev "none" not found\n',
            code=1,
        ),
        Step(
            'patch --local -f cm.yaml --type=merge -p \'{"data":{"color":"blue"}}\' -o jsonpath={.data.color}', "blue"
        ),
        Step("patch -f cm.yaml --patch-file patch.json", "configmap/settings patched\n"),
        Step(
            "scale modelserver llm-0 --replicas=2",
            err=holding("Error from server (NotFound): "),
            code=1,
            differs="no kind scales: Kubernetes says the object is not there, Turnout the path",
        ),
    ),
    files=(("cm.yaml", CONFIG), ("patch.json", '{"data":{"z":"1"}}')),
)

EDIT = Scene(
    "edit",
    (
        Step("apply -f -", holding("created"), stdin=ALL),
        Step("edit modelserver llm-0", "modelserver.turnout.dev/llm-0 edited\n", edit="s/port: 9001/port: 9002/"),
        Step("get modelserver llm-0 -o jsonpath={.spec.port}", "9002"),
        Step("edit modelserver llm-0", err="Edit cancelled, no changes made.\n", edit="s/port: 1/port: 2/"),
        Step(
            "edit configmap/settings httproute/route",
            "configmap/settings edited\nhttproute.gateway.networking.k8s.io/route edited\n",
            edit="s/color: red/color: blue/;s/weight: 90/weight: 70/",
        ),
        Step("get configmap settings -o jsonpath={.data.color}", "blue"),
        Step("edit modelserver llm-0 -o json", holding('"port": 9003'), edit='s/"port": 9002/"port": 9003/'),
        Step(
            "edit modelserver llm-0 --output-patch",
            holding('Patch: {"spec":{"port":9004}}', "llm-0 edited"),
            edit="s/port: 9003/port: 9004/",
        ),
        Step("edit modelserver llm-0 --save-config", holding("llm-0 edited"), edit="s/port: 9004/port: 9005/"),
        Step(
            "edit modelserver llm-0",
            err=holding(
                'error: modelservers.turnout.dev "llm-0" is invalid\n', "Edit cancelled, no valid changes were saved"
            ),
            edit="s/port: 9005/port: 0/",
            code=1,
        ),
        Step("edit modelserver llm-0", err=holding("name"), edit="s/name: llm-0/name: other/", code=1),
        Step("edit infpool llm --subresource=status", err="Edit cancelled, no changes made.\n", edit="s/nothing/here/"),
        Step("edit modelserver none", err=holding('"none" not found'), code=1),
    ),
)

REPLACE = Scene(
    "replace",
    (
        Step("create -f -", holding("created"), stdin=ALL),
        Step(
            "replace -f -",
            "modelserver.turnout.dev/llm-0 replaced\n",
            stdin=SERVER.replace("9001", "9003").replace("app: llm", "app: other"),
        ),
        Step(
            "get modelserver llm-0 -o jsonpath={.spec.port}{.metadata.labels}/{.metadata.generation}",
            '9003{"app":"other"}/2',
        ),
        Step("replace -f -", "configmap/settings replaced\n", stdin=CONFIG.replace(", size: small", "")),
        Step("get configmap settings -o jsonpath={.data}", '{"color":"red"}'),
        Step(
            "replace -f -",
            err=holding(
                'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on '
                'modelservers.turnout.dev "llm-0": the object has been modified; '
                "please apply your changes to the latest version and try again"
            ),
            code=1,
            stdin=SERVER.replace("name: llm-0", 'name: llm-0, resourceVersion: "1"'),
        ),
        Step(
            "replace -f -",
            err=holding("Operation cannot be fulfilled on configmaps"),
            code=1,
            stdin=CONFIG.replace("name: settings", 'name: settings, resourceVersion: "1"'),
        ),
        Step(
            "replace -f -",
            err=holding("Error from server (NotFound): ", '"none" not found'),
            code=1,
            stdin=SERVER.replace("llm-0", "none"),
        ),
        Step(
            "replace -f -",
            err=holding("Precondition failed: UID in precondition"),
            code=1,
            differs="Kubernetes names the place in etcd too",
            stdin=SERVER.replace("name: llm-0", "name: llm-0, uid: 6f1b1f0e-8f1c-4b86-9f62-0c4f5d6f7a8b"),
        ),
        Step(
            "replace --force -f -",
            holding('modelserver.turnout.dev "llm-0" deleted', "modelserver.turnout.dev/llm-0 replaced"),
            stdin=SERVER,
        ),
        Step("get modelserver llm-0 -o jsonpath={.metadata.generation}", "1"),
        Step(
            "replace --force -f -",
            holding("modelserver.turnout.dev/new replaced"),
            stdin=SERVER.replace("llm-0", "new"),
        ),
        Step(
            "replace -f - --dry-run=server",
            "modelserver.turnout.dev/llm-0 replaced (server dry run)\n",
            stdin=SERVER.replace("9001", "9009"),
        ),
        Step("get modelserver llm-0 -o jsonpath={.spec.port}", "9001"),
        Step("replace -f -", err=holding("spec.port: Invalid value: 0"), code=1, stdin=SERVER.replace("9001", "0")),
        Step(
            "replace -f -",
            err=holding('unknown field "spec.prot"'),
            code=1,
            stdin=SERVER.replace("port: 9001", "port: 9001, prot: 1"),
        ),
        Step(
            "replace --subresource=status -f -",
            holding("llm replaced"),
            stdin=POOL + "status: {conditions: [{type: Ready, status: 'True'}]}\n",
        ),
        Step("get infpool llm -o jsonpath={.status.conditions[0].type}", "Ready"),
        Step(
            "replace --raw /api/v1/namespaces/@NS/configmaps/settings -f cm.json",
            err=holding("Error from server (UnsupportedMediaType): "),
            code=1,
            differs=UNNAMED,
        ),
        Step("create configmap fixed --from-literal=a=b", "configmap/fixed created\n"),
        Step("patch configmap fixed -p '{\"immutable\":true}'", "configmap/fixed patched\n"),
        Step(
            'patch configmap fixed -p \'{"data":{"a":"c"}}\'',
            err=holding(
                'The ConfigMap "fixed" is invalid: data: Forbidden: field is immutable when `immutable` is set'
            ),
            code=1,
        ),
        Step("create secret generic typed --from-literal=a=b", "secret/typed created\n"),
        Step(
            'patch secret typed -p \'{"type":"example.dev/x"}\'',
            err=holding('The Secret "typed" is invalid: type: Invalid value: "example.dev/x": field is immutable'),
            code=1,
        ),
    ),
    files=(("cm.json", '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"},"data":{"raw":"yes"}}'),),
)

LABEL = Scene(
    "label",
    (
        Step("create -f -", holding("created"), stdin=ALL),
        Step("label modelserver llm-0 color=red", "modelserver.turnout.dev/llm-0 labeled\n"),
        Step("label modelserver llm-0 color=red", "modelserver.turnout.dev/llm-0 not labeled\n"),
        Step(
            "label modelserver llm-0 color=blue",
            err=holding("error: 'color' already has a value (red), and --overwrite is false"),
            code=1,
        ),
        Step("label modelserver llm-0 color=blue --overwrite", "modelserver.turnout.dev/llm-0 labeled\n"),
        Step("label configmap settings --list", "app=matrix\n"),
        Step("label modelserver,infpool --all group=one", holding("llm-0 labeled", "llm labeled")),
        Step("label modelserver -l color=blue color-", "modelserver.turnout.dev/llm-0 unlabeled\n"),
        Step("label modelserver llm-0 none-", 'label "none" not found.\nmodelserver.turnout.dev/llm-0 not labeled\n'),
        Step("label configmap settings 'bad=not a value'", err=holding("invalid label value"), code=1),
        Step("label namespace @NS team=a --dry-run=server", "namespace/kx-label labeled (server dry run)\n"),
        Step("get namespace @NS -o jsonpath={.metadata.labels}", '{"kubernetes.io/metadata.name":"kx-label"}'),
        Step(
            "label modelserver llm-0 late=yes --resource-version=1",
            err=holding("Operation cannot be fulfilled on"),
            code=1,
        ),
        Step("label modelserver none a=b", err=holding('"none" not found'), code=1),
        Step(
            "get modelserver llm-0 -o jsonpath={.metadata.generation}{.metadata.labels}", '1{"app":"llm","group":"one"}'
        ),
    ),
)

ANNOTATE = Scene(
    "annotate",
    (
        Step("create -f -", holding("created"), stdin=ALL),
        Step("annotate modelserver llm-0 note='some words'", "modelserver.turnout.dev/llm-0 annotated\n"),
        Step(
            "annotate modelserver llm-0 note=other",
            err=holding(
                "error: --overwrite is false but found the following declared annotation(s): "
                "'note' already has a value (some words)"
            ),
            code=1,
        ),
        Step("annotate modelserver llm-0 note=other --overwrite", "modelserver.turnout.dev/llm-0 annotated\n"),
        Step("annotate modelserver llm-0 --list", holding("note=other")),
        Step("annotate modelserver llm-0 note-", "modelserver.turnout.dev/llm-0 annotated\n"),
        Step(
            "annotate configmap,gateway,httproute -l tier=gold a.example/b=c",
            holding("gate annotated", "route annotated"),
        ),
        Step(
            "annotate modelserver llm-0 late=yes --resource-version=1",
            err=holding("Operation cannot be fulfilled on"),
            code=1,
        ),
        Step(
            "annotate configmap settings 'bad key=x'",
            err=holding("name part must consist of alphanumeric characters"),
            code=1,
        ),
        Step(
            "annotate modelserver llm-0 dry=run --dry-run=server",
            "modelserver.turnout.dev/llm-0 annotated (server dry run)\n",
        ),
        Step("get modelserver llm-0 -o jsonpath={.metadata.annotations}", ""),
    ),
)
