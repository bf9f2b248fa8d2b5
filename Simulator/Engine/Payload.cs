using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Engine;

/// <summary>Bytes that travel: text at 4 bytes a token, images as JPEG of about half a byte a pixel (1,000 pixels a token), speech as 16-bit samples at 16 kHz (100 tokens a second).</summary>
internal static class Payload
{
    private const long TextBytes = 4, ImageBytes = 500, SpeechBytes = 320;

    public static long OfPrompt(in SimRequest request) =>
        request.PromptTokens * request.Type switch { RequestType.Vision => ImageBytes, RequestType.Asr => SpeechBytes, _ => TextBytes };

    public static long OfAnswer(in SimRequest request) => request.OutputTokens * TextBytes;
}
