"""What `kubectl auth` asks: objects that are answered and not stored. Whoever gets in may do everything."""

from msgspec import Struct

from turnout.apiserver.errors import bad_request
from turnout.resources.document import Document
from turnout.resources.kind import api_version

USER: Document = {"username": "turnout", "groups": ["system:masters", "system:authenticated"]}
EVERYTHING: Document = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
EVERYWHERE: Document = {"verbs": ["*"], "nonResourceURLs": ["*"]}


class Review(Struct, frozen=True):
    """A kind whose objects are only created, and `status` is the answer to all of them."""

    group: str
    version: str
    kind: str
    plural: str
    status: Document

    @property
    def path(self) -> str:
        """Where it is asked."""
        return f"apis/{self.group}/{self.version}/{self.plural}"


REVIEWS = (
    Review("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", {"allowed": True}),
    Review(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreviews",
        {"resourceRules": [EVERYTHING], "nonResourceRules": [EVERYWHERE], "incomplete": False},
    ),
    Review("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", {"userInfo": USER}),
)


def find_review(path: str) -> Review | None:
    """The review that is asked at `apis/GROUP/VERSION/PLURAL`; None when it is something else."""
    return next((review for review in REVIEWS if review.path == path.strip("/")), None)


def answered(review: Review, document: Document) -> Document:
    """The document with the answer. Raises a 400 if it is something else."""
    version = api_version(review.group, review.version)
    if (document.get("apiVersion"), document.get("kind")) != (version, review.kind):
        said = f"{document.get('apiVersion', '')} {document.get('kind', '')}".strip()
        raise bad_request(f"the object in the data ({said}) does not match the expected kind ({version} {review.kind})")
    return {**document, "metadata": document.get("metadata") or {}, "status": review.status}
