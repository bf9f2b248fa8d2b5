using System.Globalization;
using System.Text;
using System.Text.Json;
using InferMesh.Cli.Fleet.Engine;

namespace InferMesh.Cli.Fleet.Http;

/// <summary>The text of a generation in the form of the call that asked for it.</summary>
internal sealed class GenerateAnswer(GenerateCall call, Generation generation, bool details, uint seed)
{
    private readonly string _model = JsonEncodedText.Encode(call.Model).ToString();

    /// <summary>The whole answer.</summary>
    public string Whole() => call.Form switch
    {
        GenerateForm.Tgi => $"{{\"generated_text\":\"{Text()}\"{(details ? $",\"details\":{Details(",\"prefill\":[],\"tokens\":[]")}" : "")}}}",
        GenerateForm.Triton => $"{{{Model()},\"text_output\":\"{Text()}\"}}",
        _ => $"{{{Model()},\"outputs\":[{{\"name\":\"text_output\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"{Text()}\"]}}]}}",
    };

    /// <summary>The event of one token.</summary>
    public string Event(int token)
    {
        if (call.Form == GenerateForm.Triton)
            return $"data: {{{Model()},\"text_output\":\"{Word(token)}\"}}\n\n";
        var isLast = token == generation.OutputTokens - 1;
        return string.Create(CultureInfo.InvariantCulture,
            $"data:{{\"index\":{token + 1},\"token\":{{\"id\":{token},\"text\":\"{Word(token)}\",\"logprob\":0.0,\"special\":false}},\"generated_text\":{(isLast ? $"\"{Text()}\"" : "null")},\"details\":{(isLast ? Details($",\"input_length\":{generation.PromptTokens}") : "null")}}}\n\n");
    }

    private string Model() => $"\"model_name\":\"{_model}\",\"model_version\":\"1\"";

    private string Details(string more) => string.Create(CultureInfo.InvariantCulture, $"{{\"finish_reason\":\"length\",\"generated_tokens\":{generation.OutputTokens},\"seed\":null{more}}}");

    private string Word(int token) => Encoding.ASCII.GetString(FillerText.Word(seed, token));

    private string Text()
    {
        var text = new StringBuilder(generation.OutputTokens * 6);
        for (var token = 0; token < generation.OutputTokens; token++)
            text.Append(Word(token));
        return text.ToString();
    }
}
