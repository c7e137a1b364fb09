# Help of every command, and the topics.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
$module = Get-Module ExchangeOnlineManagement
$common = [System.Management.Automation.PSCmdlet]::CommonParameters + [System.Management.Automation.PSCmdlet]::OptionalCommonParameters

foreach ($command in $module.ExportedCmdlets.Values | Sort-Object Name) {
    Check "Get-Help $($command.Name): synopsis, description, parameters, examples, links" {
        $help = Get-Help $command.Name -Full
        Assert-True ($help.Synopsis.Length -gt 20 -and $help.Synopsis -notlike "$($command.Name) *") "synopsis '$($help.Synopsis)'"
        Assert-True (@($help.description.Text)[0].Length -gt 40) 'description'
        $own = @($command.Parameters.Keys | Where-Object { $_ -notin $common } | Sort-Object)
        $described = @($help.parameters.parameter.name | Sort-Object)
        Assert-Equal ($described -join ' ') ($own -join ' ') 'parameters'
        foreach ($parameter in $help.parameters.parameter) {
            Assert-True ("$($parameter.description.Text)".Length -gt 10) "-$($parameter.name) is described"
            $declared = $command.Parameters[$parameter.name]
            $set = @($declared.ParameterSets.Values)[0]
            Assert-Equal $parameter.position $(if ($set.Position -lt 0) { 'named' } else { "$($set.Position)" }) "position of -$($parameter.name)"
            Assert-Equal $parameter.required "$($set.IsMandatory)".ToLowerInvariant() "required of -$($parameter.name)"
        }
        Assert-Equal @($help.syntax.syntaxItem).Count $command.ParameterSets.Count 'syntax lines'
        $examples = @($help.examples.example)
        Assert-True (1 -le $examples.Count) 'examples'
        foreach ($example in $examples) {
            Assert-Like $example.title 'Example ?: *' 'title'
            Assert-True ("$($example.remarks.Text)".Trim().Length -gt 10) "remark of $($example.title)"
        }
        Assert-True (1 -le @($help.relatedLinks.navigationLink).Count) 'links'
    }

    Check "the examples of $($command.Name) are commands with parameters that exist" {
        foreach ($example in (Get-Help $command.Name).examples.example) {
            $errors = $null
            $tree = [System.Management.Automation.Language.Parser]::ParseInput($example.code, [ref] $null, [ref] $errors)
            Assert-Equal @($errors).Count 0 "errors in '$($example.code)'"
            $calls = $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
            Assert-True ($calls.Where({ $_.GetCommandName() -eq $command.Name }).Count -ge 1) "'$($example.code)' calls it"
            foreach ($call in $calls) {
                $called = Get-Command $call.GetCommandName() -ErrorAction Ignore
                if (-not $called) { continue }
                foreach ($given in $call.CommandElements.Where({ $_ -is [System.Management.Automation.Language.CommandParameterAst] })) {
                    Assert-True ($null -ne $called.ResolveParameter($given.ParameterName)) "$($called.Name) -$($given.ParameterName)"
                }
            }
        }
    }
}

Check 'Get-Help -Examples and -Parameter show text' {
    Assert-Like (Get-Help Connect-ExchangeOnline -Examples | Out-String) '*Connect-ExchangeOnline -Device*Shows a code*'
    Assert-Like (Get-Help Get-EXOMailbox -Parameter PropertySets | Out-String) '*Which sets of properties are wanted.*'
    Assert-Like (Get-Help Get-EXOMailbox | Out-String) '*`[`[-Identity`] <String>`]*'
}

Check 'the topics are found' {
    foreach ($topic in 'about_ExchangeOnlineManagement', 'about_ExchangeOnlineManagement_SignIn', 'about_ExchangeOnlineManagement_Carriers') {
        $text = Get-Help $topic | Out-String
        Assert-Like $text "*TOPIC*$topic*LONG DESCRIPTION*" $topic
        foreach ($line in $text -split '\r?\n') { Assert-True ($line.Length -le 82) "short lines in ${topic}: $line" }
    }
}

Check 'the help file is the one that help.ps1 makes' {
    $made = [System.IO.Path]::GetTempFileName()
    try {
        & "$PSScriptRoot/../../pwsh-bridge/help.ps1" -Module (Join-Path $module.ModuleBase 'ExchangeOnlineManagement.psd1') -Destination $made
        $kept = "$PSScriptRoot/../../pwsh-bridge/module/en-US/ExchangeOnlineManagement.dll-Help.xml"
        Assert-SameText (Get-Content $made -Raw) (Get-Content $kept -Raw) 'help; run pwsh-bridge/help.ps1, it'
    }
    finally { Remove-Item $made }
}

Complete
