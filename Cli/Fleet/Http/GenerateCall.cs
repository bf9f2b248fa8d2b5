namespace InferMesh.Cli.Fleet.Http;

/// <summary>The forms of a call to generate that differ from OpenAI's.</summary>
internal enum GenerateForm
{
    /// <summary>Text Generation Inference.</summary>
    Tgi,

    /// <summary>Triton's generate extension.</summary>
    Triton,

    /// <summary>Tensors, as the Open Inference Protocol has them.</summary>
    Infer,
}

/// <summary>A call as its path tells it.</summary>
/// <param name="Form">Form of body and answer.</param>
/// <param name="Model">Model that the path names; "" when it names none.</param>
/// <param name="Stream">Whether the answer comes token by token.</param>
internal readonly record struct GenerateCall(GenerateForm Form, string Model, bool Stream)
{
    /// <summary>The call of a path; null when it is another one.</summary>
    public static GenerateCall? Of(string path)
    {
        switch (path)
        {
            case "/generate":
                return new(GenerateForm.Tgi, "", false);
            case "/generate_stream":
                return new(GenerateForm.Tgi, "", true);
        }

        return Split(path) switch
        {
            (var model, "infer") => new(GenerateForm.Infer, model, false),
            (var model, "generate") => new(GenerateForm.Triton, model, false),
            (var model, "generate_stream") => new(GenerateForm.Triton, model, true),
            _ => null,
        };
    }

    /// <summary>Model and verb of a path below <c>/v2/models</c>, with or without a version between them; "" and "" for another path.</summary>
    public static (string Model, string Verb) Split(string path)
    {
        var parts = path.Split('/');
        return parts switch
        {
            ["", "v2", "models", var model] => (Name(model), ""),
            ["", "v2", "models", var model, "versions", _] => (Name(model), ""),
            ["", "v2", "models", var model, var verb] => (Name(model), verb),
            ["", "v2", "models", var model, "versions", _, var verb] => (Name(model), verb),
            _ => ("", ""),
        };
    }

    private static string Name(string segment) => segment.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
