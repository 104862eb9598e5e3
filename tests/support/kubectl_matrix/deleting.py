"""Scenes of what ends: delete in every form, finalizers, owners, and waiting for it."""

from tests.support.kubectl_matrix.manifests import CONFIG, GATEWAY, POOL, ROUTE, SERVER, several
from tests.support.kubectl_matrix.step import WHOLE, Scene, Step, holding

HELD = CONFIG.replace("name: settings", "name: held, finalizers: [example.dev/hold]")
RELEASE = 'patch configmap held --type=merge -p \'{"metadata":{"finalizers":null}}\''
STAMPED = "get configmap held -o jsonpath={.metadata.deletionTimestamp}"

DELETE = Scene(
    "delete",
    (
        Step("create -f -", holding("created"), stdin=several(CONFIG, SERVER, POOL, GATEWAY, ROUTE)),
        Step("delete configmap settings --dry-run=server", 'configmap "settings" deleted (server dry run)\n'),
        Step("delete configmap settings --dry-run=client", 'configmap "settings" deleted (dry run)\n'),
        Step("delete configmap settings", 'configmap "settings" deleted\n'),
        Step(
            "delete configmap settings", err='Error from server (NotFound): configmaps "settings" not found\n', code=1
        ),
        Step("delete configmap settings --ignore-not-found", ""),
        Step(
            "delete -f all.yaml --ignore-not-found",
            holding(
                'gateway.gateway.networking.k8s.io "gate" deleted',
                'httproute.gateway.networking.k8s.io "route" deleted',
            ),
        ),
        Step("create -f all.yaml -o name", holding("gate", "route")),
        Step(
            "delete gateway/gate httproute/route -o name",
            "gateway.gateway.networking.k8s.io/gate\nhttproute.gateway.networking.k8s.io/route\n",
        ),
        Step(
            "delete modelserver llm-0 llm-1",
            'modelserver.turnout.dev "llm-0" deleted\n',
            err=holding('modelservers.turnout.dev "llm-1" not found'),
            code=1,
        ),
        Step("delete infpool -l tier=silver", "No resources found\n"),
        Step("delete infpool -l tier=gold", 'inferencepool.inference.networking.k8s.io "llm" deleted\n'),
        Step("create -f - -o name", holding("llm-0"), stdin=SERVER),
        Step("delete modelservers --field-selector metadata.name=llm-0", 'modelserver.turnout.dev "llm-0" deleted\n'),
        Step("create -f - -o name", holding("llm-0", "llm"), stdin=several(SERVER, POOL)),
        Step("delete modelservers,infpool --all", holding('"llm-0" deleted', '"llm" deleted')),
        Step("delete modelservers --all", "No resources found\n"),
        Step("create configmap c", "configmap/c created\n"),
        Step("delete configmap c --now", 'configmap "c" deleted\n'),
        Step("create configmap c", "configmap/c created\n"),
        Step(
            "delete configmap c --grace-period=0 --force",
            'configmap "c" force deleted\n',
            err=holding("Warning: Immediate deletion does not wait"),
        ),
        Step("create configmap c", "configmap/c created\n"),
        Step("delete --raw /api/v1/namespaces/@NS/configmaps/c", holding('"status":"Success"')),
        Step("delete configmap", err=holding("error: resource(s) were provided, but no name was specified"), code=1),
        # finalizers
        Step("create -f -", "configmap/held created\n", stdin=HELD),
        Step("delete configmap held --wait=false", 'configmap "held" deleted\n'),
        Step("get configmap held -o jsonpath={.metadata.finalizers}", '["example.dev/hold"]'),
        Step("get configmap held -o yaml", holding("deletionGracePeriodSeconds: 0", "deletionTimestamp: ")),
        Step(
            "delete configmap held --timeout=1s",
            'configmap "held" deleted\n',
            err=holding("error: timed out waiting for the condition on configmaps/held"),
            code=1,
        ),
        Step(
            "patch configmap held --type=merge"
            ' -p \'{"metadata":{"finalizers":["example.dev/hold","example.dev/more"]}}\'',
            err=holding(
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted"
            ),
            code=1,
        ),
        Step('patch configmap held --type=merge -p \'{"data":{"still":"writable"}}\'', "configmap/held patched\n"),
        Step(RELEASE, "configmap/held patched\n"),
        Step("get configmap held", err=holding("NotFound"), code=1),
        Step("create -f -", "configmap/held created\n", stdin=HELD),
        Step("delete configmap held", 'configmap "held" deleted\n', once=STAMPED, meanwhile=(RELEASE,)),
        Step(
            "create -f -",
            "modelserver.turnout.dev/held created\n",
            stdin=SERVER.replace("name: llm-0", "name: held, finalizers: [example.dev/hold]"),
        ),
        Step(
            "delete modelserver held",
            'modelserver.turnout.dev "held" deleted\n',
            once="get modelserver held -o jsonpath={.metadata.deletionTimestamp}",
            meanwhile=('patch modelserver held --type=json -p \'[{"op":"remove","path":"/metadata/finalizers"}]\'',),
        ),
        # a Namespace and what is in it
        Step("create namespace kx-gone", "namespace/kx-gone created\n"),
        Step("create -f - --namespace kx-gone -o name", holding("settings", "llm-0"), stdin=several(CONFIG, SERVER)),
        Step("delete namespace kx-gone", 'namespace "kx-gone" deleted\n', err=WHOLE),
        Step("get modelservers,configmaps --namespace kx-gone", err="No resources found in kx-gone namespace.\n"),
    ),
    files=(("all.yaml", several(GATEWAY, ROUTE)),),
)


OWNED = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: mine
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "@OWNER", blockOwnerDeletion: true}]
"""
OWNER = "get configmap owner -o jsonpath={.metadata.uid}"

CASCADE = Scene(
    "cascade",
    (
        Step("create configmap owner", "configmap/owner created\n"),
        Step(OWNER, "UID", keep="@OWNER"),
        Step("create -f -", "configmap/mine created\n", stdin=OWNED),
        Step("delete configmap owner", 'configmap "owner" deleted\n'),
        Step("wait --for=delete configmap/mine --timeout=30s", holding()),
        Step("get configmap mine", err=holding("NotFound"), code=1),
        Step("create configmap owner", "configmap/owner created\n"),
        Step(OWNER, "UID", keep="@OWNER"),
        Step("create -f -", "configmap/mine created\n", stdin=OWNED),
        Step("delete configmap owner --cascade=foreground", 'configmap "owner" deleted\n'),
        Step("get configmap mine", err=holding("NotFound"), code=1),
        Step("create configmap owner", "configmap/owner created\n"),
        Step(OWNER, "UID", keep="@OWNER"),
        Step("create -f -", "configmap/mine created\n", stdin=OWNED),
        Step("delete configmap owner --cascade=orphan", 'configmap "owner" deleted\n'),
        Step("get configmap mine -o jsonpath={.metadata.ownerReferences}", ""),
        Step("create -f -", "modelserver.turnout.dev/llm-0 created\n", stdin=SERVER),
        Step("get modelserver llm-0 -o jsonpath={.metadata.uid}", "UID", keep="@OWNER"),
        Step(
            "create -f -",
            "inferencepool.inference.networking.k8s.io/llm created\n",
            stdin=POOL.replace(
                "name: llm,",
                "name: llm, ownerReferences: [{apiVersion: turnout.dev/v1alpha1, kind: ModelServer, name: llm-0,"
                ' uid: "@OWNER"}],',
            ),
        ),
        Step("delete modelserver llm-0", 'modelserver.turnout.dev "llm-0" deleted\n'),
        Step("wait --for=delete infpool/llm --timeout=60s", holding()),
        Step(
            "create -f -",
            err=holding("metadata.ownerReferences.uid"),
            code=1,
            stdin=OWNED.replace("@OWNER", ""),
        ),
    ),
)

READY = '{"status":{"conditions":[{"type":"Ready","status":"True"}]}}'

WAIT = Scene(
    "wait",
    (
        Step("create -f -", holding("created"), stdin=several(CONFIG, SERVER, POOL)),
        Step(
            "wait infpool/llm --for=condition=Ready --timeout=1s",
            err=holding("error: timed out waiting for the condition on inferencepools/llm"),
            code=1,
        ),
        Step(
            "wait infpool/llm --for=condition=Ready --timeout=30s",
            "inferencepool.inference.networking.k8s.io/llm condition met\n",
            once="get infpool llm -o name",
            meanwhile=("patch infpool llm --subresource=status --type=merge -p '" + READY + "'",),
        ),
        Step(
            "wait infpool --all --for=condition=Ready=true --timeout=10s",
            "inferencepool.inference.networking.k8s.io/llm condition met\n",
        ),
        Step("wait infpool -l tier=gold --for=condition=Ready=False --timeout=1s", err=holding("timed out"), code=1),
        Step(
            "wait configmap/settings --for=jsonpath={.data.color}=red --timeout=10s",
            "configmap/settings condition met\n",
        ),
        Step(
            "wait configmap/settings --for=jsonpath={.data.color}=blue --timeout=30s",
            "configmap/settings condition met\n",
            once="get configmap settings -o name",
            meanwhile=('patch configmap settings -p \'{"data":{"color":"blue"}}\'',),
        ),
        Step("wait configmap/settings --for=jsonpath={.data.size} --timeout=10s", "configmap/settings condition met\n"),
        Step(
            "wait modelserver/llm-0 --for=delete --timeout=30s",
            "modelserver.turnout.dev/llm-0 condition met\n",
            once="get modelserver llm-0 -o name",
            meanwhile=("delete modelserver llm-0",),
        ),
        Step("wait modelserver/llm-0 --for=delete --timeout=10s", ""),
        Step(
            "wait modelserver/llm-0 --for=create --timeout=30s",
            "modelserver.turnout.dev/llm-0 condition met\n",
            once="create -f server.yaml -o name",
        ),
        Step(
            "wait modelserver/none --for=condition=Ready --timeout=1s",
            err=holding('modelservers.turnout.dev "none" not found'),
            code=1,
        ),
        Step(
            "wait namespace/@NS --for=jsonpath={.status.phase}=Active --timeout=10s",
            "namespace/kx-wait condition met\n",
        ),
        Step("rollout status modelserver/llm-0", err=holding('error: no kind "ModelServer" is registered'), code=1),
    ),
    files=(("server.yaml", SERVER),),
)
