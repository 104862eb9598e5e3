"""Scenes of what asks about the API itself: discovery, versions, who one is and what one may do."""

from tests.support.kubectl_matrix.step import ANYTHING, Scene, Step, holding

MORE = "a cluster serves more kinds"
NAMES = "who asks has another name there, and other groups"

DISCOVERY = Scene(
    "discovery",
    (
        Step(
            "api-resources --api-group=turnout.dev --no-headers",
            holding(
                "gatewayparameters  ",
                "inferencerollouts  iro  turnout.dev/v1alpha1  true  InferenceRollout",
                "modelservers  ",
            ),
        ),
        Step(
            "api-resources --api-group=gateway.networking.k8s.io -o wide",
            holding(
                "NAME  SHORTNAMES  APIVERSION  NAMESPACED  KIND  VERBS  CATEGORIES",
                "gatewayclasses  gc  gateway.networking.k8s.io/v1  false  GatewayClass  ",
                "delete,deletecollection,get,list,patch,create,update,watch  gateway-api",
            ),
        ),
        Step(
            "api-resources --api-group=gateway.networking.k8s.io --namespaced=false -o name",
            "gatewayclasses.gateway.networking.k8s.io\n",
        ),
        Step(
            "api-resources --api-group=inference.networking.x-k8s.io --verbs=list,watch -o name",
            holding("inferenceobjectives.inference.networking.x-k8s.io"),
        ),
        Step(
            "api-resources --categories=gateway-api --sort-by=name --no-headers",
            holding("gatewayclasses", "gateways", "httproutes", "referencegrants"),
        ),
        Step(
            "api-resources --no-headers",
            holding(
                "configmaps  cm  v1  true  ConfigMap",
                "events  ev  v1  true  Event",
                "namespaces  ns  v1  false  Namespace",
                "secrets  v1  true  Secret",
            ),
            differs=MORE,
        ),
        Step(
            "api-versions",
            holding(
                "authorization.k8s.io/v1\n",
                "gateway.networking.k8s.io/v1\n",
                "gateway.networking.k8s.io/v1beta1\n",
                "turnout.dev/v1alpha1\n",
                "v1\n",
            ),
            differs=MORE,
        ),
        Step(
            "version -o json",
            holding('"serverVersion": {', '"gitVersion": "v'),
            differs="the version is the server's own",
            err=ANYTHING,
        ),
        Step(
            "cluster-info",
            holding("To further debug and diagnose cluster problems"),
            err='error: the server doesn\'t have a resource type "services"\n',
            code=1,
            differs="it looks for Services, which are served nowhere but in a cluster",
        ),
        Step("get --raw /healthz", "ok"),
        Step("get --raw /readyz", "ok"),
        Step("get --raw /livez", "ok"),
        Step(
            "get --raw /apis/turnout.dev",
            holding('"kind":"APIGroup"', '"preferredVersion":{"groupVersion":"turnout.dev/v1alpha1"'),
        ),
        Step("get --raw /api", holding('"kind":"APIVersions"'), differs="the address of the server is in it"),
        Step("get --raw /api/v1/cabbages", err=holding("the server could not find the requested resource"), code=1),
        Step(
            "get --raw /apis/cabbages.dev/v1", err=holding("the server could not find the requested resource"), code=1
        ),
    ),
)

AUTH = Scene(
    "auth",
    (
        Step("auth can-i create httproutes", "yes\n"),
        Step(
            "auth can-i delete gatewayclasses.gateway.networking.k8s.io",
            "yes\n",
            err=holding(
                "Warning: resource 'gatewayclasses' is not namespace scoped in group 'gateway.networking.k8s.io'"
            ),
        ),
        Step("auth can-i get modelserver/llm-0 --subresource=status", "yes\n"),
        Step("auth can-i '*' '*' -A", "yes\n"),
        Step("auth can-i get /readyz", "yes\n"),
        Step(
            "auth can-i get cabbages",
            "yes\n",
            err=holding("Warning: the server doesn't have a resource type 'cabbages'"),
        ),
        Step(
            "auth can-i --list",
            holding("Resources  Non-Resource URLs  Resource Names  Verbs\n", "*.*  []  []  [*]\n", "[*]  []  [*]\n"),
            differs=NAMES,
        ),
        Step("auth whoami", holding("ATTRIBUTE  VALUE\n", "Username  ", "Groups  "), differs=NAMES),
        Step("auth whoami -o jsonpath={.kind}", "SelfSubjectReview"),
    ),
)
