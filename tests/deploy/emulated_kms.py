"""The parts of KMS on which we rely and that moto lacks.

Moto hashes digests once more, salts PSS signatures otherwise than RFC 7518, and still uses disabled keys. The ids of its
multi-Region keys are longer than those of KMS, and too long for its own ciphertexts.
"""

import base64
import json
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.core.exceptions import JsonRESTError
from moto.kms import models
from moto.kms.responses import KmsResponse

DIGEST = Prehashed(SHA256())
# By signing algorithm: the arguments after the digest of a private key's `sign`.
SCHEMES = {
    "RSASSA_PKCS1_V1_5_SHA_256": (padding.PKCS1v15(), DIGEST),
    "RSASSA_PSS_SHA_256": (
        padding.PSS(mgf=padding.MGF1(SHA256()), salt_length=padding.PSS.DIGEST_LENGTH),
        DIGEST,
    ),
    "ECDSA_SHA_256": (ec.ECDSA(DIGEST),),
}


_sign = KmsResponse.sign


def enabled(operation):
    """An operation that a disabled key rejects."""

    def checked(response: KmsResponse) -> str:
        answer = operation(response)
        # `Decrypt` may omit the key; its answer names the key that was used.
        key = response.kms_backend.describe_key(json.loads(answer)["KeyId"])
        if not key.enabled:
            raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
        return answer

    return checked


def sign(response: KmsResponse) -> str:
    # Moto checks key and algorithm, but signs a digest of the digest.
    answer = json.loads(_sign(response))
    if response._get_param("MessageType") == "DIGEST":
        key = response.kms_backend.describe_key(answer["KeyId"])
        scheme = SCHEMES[answer["SigningAlgorithm"]]
        signature = key.private_key.private_key.sign(response._get_param("Message"), *scheme)
        answer["Signature"] = base64.b64encode(signature).decode()
    return json.dumps(answer)


_validate_id = KmsResponse._validate_cmk_id


def validate_id(response: KmsResponse, id_or_arn: str):
    # Moto knows the shape of KMS's ids in ARNs only.
    arn = id_or_arn if id_or_arn.startswith("arn:") else f"arn:aws:kms:::key/{id_or_arn}"
    _validate_id(response, arn)


def key_id(multi_region: bool = False) -> str:
    return f"mrk-{uuid4().hex}" if multi_region else str(uuid4())


def delete(key: models.Key, account_id: str, region_name: str):
    """Deletes the key of a stack as KMS does: after a while."""
    models.kms_backends[account_id][region_name].schedule_key_deletion(key.id, 7)


def install():
    """Patches moto in this process."""
    models.Key.delete = delete
    models.generate_key_id = key_id
    KmsResponse._validate_cmk_id = validate_id
    KmsResponse.sign = enabled(sign)
    KmsResponse.decrypt = enabled(KmsResponse.decrypt)
    KmsResponse.encrypt = enabled(KmsResponse.encrypt)
    KmsResponse.get_public_key = enabled(KmsResponse.get_public_key)
