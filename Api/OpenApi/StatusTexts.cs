namespace InferMesh.Api.OpenApi;

/// <summary>What a status means in this API.</summary>
internal static class StatusTexts
{
    public static string? Of(string status) => status switch
    {
        "200" => "Done.",
        "201" => "Made.",
        "204" => "Done; there is nothing to show.",
        "304" => "The caller's state is still current.",
        "400" => "The input is not valid: `errors` has every wrong field.",
        "401" => "The caller must show who it is.",
        "403" => "The caller may not do this.",
        "404" => "There is no such thing.",
        "409" => "The state forbids it.",
        "412" => "Another version is current: see `currentVersion`.",
        "413" => "The body is too large.",
        "415" => "The body is not JSON.",
        "428" => "If-Match is missing.",
        "429" => "Too much at once: `reason` says what is full or used up.",
        "503" => "The mesh cannot do this now.",
        _ => null,
    };
}
