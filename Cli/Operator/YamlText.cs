using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace InferMesh.Cli.Operator;

/// <summary>Writes JSON as YAML: the same JSON is always the same text, and is read back as it was.</summary>
internal static class YamlText
{
    // What other readers of YAML take for something else than a text.
    private static readonly string[] Ambiguous = ["yes", "no", "on", "off", "y", "n", "true", "false", "null", ".nan", ".inf", "-.inf"];

    /// <summary>One document, without a mark before it, with a line end after it.</summary>
    public static string Of(JsonElement value)
    {
        var text = new StringWriter { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Write(emitter, value);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private static void Write(Emitter emitter, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = value.EnumerateObject().ToArray();
                emitter.Emit(new MappingStart(default, default, true, members.Length == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var member in members)
                {
                    emitter.Emit(Text(member.Name));
                    Write(emitter, member.Value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonValueKind.Array:
                emitter.Emit(new SequenceStart(default, default, true, value.GetArrayLength() == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in value.EnumerateArray())
                    Write(emitter, item);
                emitter.Emit(new SequenceEnd());
                break;
            case JsonValueKind.String:
                emitter.Emit(Text(value.GetString()!));
                break;
            default:
                emitter.Emit(new Scalar(value.ValueKind == JsonValueKind.Null ? "null" : value.GetRawText()));
                break;
        }
    }

    private static Scalar Text(string text) => new(default, default, text, Style(text), true, true);

    private static ScalarStyle Style(string text) => YamlJson.NeedsQuotes(text) || Ambiguous.Contains(text, StringComparer.OrdinalIgnoreCase) || char.IsAsciiDigit(text[0]) || text.Any(char.IsControl)
        ? ScalarStyle.DoubleQuoted
        : ScalarStyle.Any;
}
