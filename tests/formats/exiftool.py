"""Tags that exiftool reads from pictures, and the list of those that may be kept."""

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path

ICC_TYPE = 8
"""The length of the type at the beginning of a profile's tag. It is kept when the tag is blanked."""

# By group and name. Tags about exiftool, the file system and the structure of the file are not metadata.
ALLOWED = re.compile(
    r"System:.*"
    r"|ExifTool:(ExifToolVersion|Warning)"
    r"|File:(FileType|FileTypeExtension|MIMEType|ExifByteOrder|ImageWidth|ImageHeight|EncodingProcess"
    r"|BitsPerSample|ColorComponents|YCbCrSubSampling)"
    r"|Composite:(ImageSize|Megapixels|AvgBitrate|Rotation)"
    r"|IFD0:Orientation"
    r"|JFIF:(JFIFVersion|ResolutionUnit|XResolution|YResolution)"
    r"|Adobe:(DCTEncodeVersion|APP14Flags[01]|ColorTransform)"
    r"|ICC[-_].*"
    # Gain maps.
    r"|XMP-hdrgm:.*|XMP-(Container|Item|GContainer|GContainerItem):Directory.*"
    # Newer versions of exiftool use these names for the gain map itself.
    r"|Google:GainMapImage"
    r"|MPF0:(MPFVersion|NumberOfImages)"
    r"|MPImage\d+:(MPImage(Flags|Format|Type|Length|Start)|DependentImage[12]EntryNumber|MPImage\d)"
    r"|GIF:(GIFVersion|HasColorMap|ColorResolutionDepth|BitsPerPixel|BackgroundColor|TransparentColor"
    r"|AnimationIterations|FrameCount|Duration|ImageWidth|ImageHeight|Text)"
    r"|PNG:(Animation(Frames|Plays)|BackgroundColor|BitDepth|ColorType|Compression|Filter|Gamma|Interlace"
    r"|ImageWidth|ImageHeight|Palette|ProfileName|SignificantBits|SRGBRendering|Transparency)"
    r"|PNG-(pHYs|cHRM|cICP):.*"
    r"|RIFF:(VP8Version|WebP_Flags|ImageWidth|ImageHeight|HorizontalScale|VerticalScale|BackgroundColor"
    r"|AnimationLoopCount|Duration|Alpha(Preprocessing|Filtering|Compression|IsUsed))"
    r"|Meta:(PrimaryItemReference|MetaImageSize|Unknown_grpl)"
    r"|(QuickTime|Track\d+):("
    r"MajorBrand|MinorVersion|CompatibleBrands|HandlerType|MovieHeaderVersion|CreateDate|ModifyDate|TimeScale"
    r"|Duration|PreferredRate|PreferredVolume|Preview(Time|Duration)|PosterTime|Selection(Time|Duration)"
    r"|CurrentTime|NextTrackID|MatrixStructure|Track(HeaderVersion|CreateDate|ModifyDate|ID|Duration|Layer|Volume)"
    r"|Media(HeaderVersion|CreateDate|ModifyDate|TimeScale|Duration|LanguageCode|Data(Size|Offset)?)"
    r"|ImageWidth|ImageHeight|GraphicsMode|OpColor|OtherFormat|SyncSampleTable|TimeToSampleTable|SampleToChunk"
    r"|SampleSizes|ChunkOffset|AuxiliaryImageType|ImagePixelDepth|ImageSpatialExtent|Rotation|Mirroring"
    r"|PixelAspectRatio|CleanAperture|ContentLightLevel|MasteringDisplayColorVolume"
    r"|Color(Profiles|Primaries)|TransferCharacteristics|MatrixCoefficients|VideoFullRangeFlag"
    r"|AV1ConfigurationVersion|Seq(Profile|Level|Tier)\w*|Chroma(Format|SamplePosition)|InitialDelaySamples"
    r"|QuickTime_(ColorRep|OtherSampleDesc)_\w+|Unknown_(av1C|ccst|colr|edts|auxi|pasp|clap"
    r"|free|imir|irot|auxl|prem|udes|altr)|BitDepth|CompressorID|SourceImage(Width|Height)|VideoFrameRate|[XY]Resolution)"
)
NO_DATE = "0000:00:00 00:00:00"
MUST_BE_EMPTY = {"Text", "ProfileDescriptionML"}


def read(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Read all tags of all files in a folder, including embedded pictures and unknown tags.

    Returns:
        For each file name: group and name of each tag, as ``"GPS:GPSLatitude"``, and its value.
    """
    path = shutil.which("exiftool")
    if not path:
        raise RuntimeError("the tests need exiftool: run make test")
    # Groups 3 and 4 distinguish tags of embedded pictures, and tags that occur twice.
    options = ["-json", "-b", "-G1:3:4", "-a", "-u", "-U", "-ee"]
    done = subprocess.run(
        [path, *options, str(folder)], capture_output=True, text=True, check=False, timeout=300
    )
    return {
        Path(picture.pop("SourceFile")).name: [
            (f"{name.split(':')[0]}:{name.split(':')[-1]}", str(value)) for name, value in picture.items()
        ]
        for picture in json.loads(done.stdout)
    }


def private(tags: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the tags that a stored picture must not have."""
    return [(name, value) for name, value in tags if not _may_stay(name, value)]


def _may_stay(name: str, value: str) -> bool:
    group, tag = name.split(":")
    if not ALLOWED.fullmatch(name):
        return False
    if tag.endswith("Date") and not group.startswith("System"):
        return value == NO_DATE
    if tag == "MakeAndModel":
        return not any(base64.b64decode(value.removeprefix("base64:"))[ICC_TYPE:])
    return tag not in MUST_BE_EMPTY or not value.strip("\0")
